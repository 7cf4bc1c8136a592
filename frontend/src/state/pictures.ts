/** Make large pictures smaller before they are sent: models look at no more than this of them. */

const MOST_PIXELS = 2048;
const SMALL_BYTES = 1_500_000;
const QUALITY = 0.88;

/** The picture, scaled down where it is large; as it is where the browser can't do that. */
export async function scaledDown(file: File): Promise<Blob> {
  if (file.size <= SMALL_BYTES || file.type === "image/gif") return file;
  try {
    const drawn = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, MOST_PIXELS / Math.max(drawn.width, drawn.height));
    const canvas = new OffscreenCanvas(Math.round(drawn.width * scale), Math.round(drawn.height * scale));
    canvas.getContext("2d")?.drawImage(drawn, 0, 0, canvas.width, canvas.height);
    drawn.close();
    const type = file.type === "image/png" && scale === 1 ? "image/png" : "image/jpeg";
    const smaller = await canvas.convertToBlob({ type, quality: QUALITY });
    return smaller.size < file.size ? smaller : file;
  } catch {
    return file;
  }
}
