/** Show all collections, whose they are, and how far their documents have come. */

import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { libraryPath, navigate } from "../../state/route";
import { Pending, usePages } from "../live";
import { More, number, Table } from "./parts";

const load = async (signal: AbortSignal, after: string) => {
  const page = await operators.collections(signal, after);
  return { items: page.collections, next: page.next };
};

export function Collections() {
  const { items, problem, more, reload } = usePages(load, "");
  if (items === null) return <Pending problem={problem} reload={reload} />;
  return (
    <>
      <p>
        <button type="button" class="button" onClick={reload}>
          {t("Look again")}
        </button>
      </p>
      {items.length === 0 && <p>{t("There are no collections.")}</p>}
      {items.length > 0 && (
        <Table
          label={t("Collections")}
          heads={[t("Collection"), t("Owner"), t("Documents"), t("Ready"), t("Under way"), t("Failed"), t("Seen by")]}
          numbers={[2, 3, 4, 5]}
        >
          {items.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <a
                  href={libraryPath(one.id)}
                  onClick={(event) => {
                    event.preventDefault();
                    navigate(libraryPath(one.id));
                  }}
                >
                  {one.name}
                </a>
              </th>
              <td title={one.owner_id}>{one.owner || one.owner_id}</td>
              <td class="is-number">{number(one.documents)}</td>
              <td class="is-number">{number(one.progress.ready)}</td>
              <td class="is-number">{number(one.progress.waiting + one.progress.reading + one.progress.embedding)}</td>
              <td class={one.progress.failed > 0 ? "is-number is-bad" : "is-number"}>{number(one.progress.failed)}</td>
              <td>{one.is_shared ? t("everybody") : t("who has a right")}</td>
            </tr>
          ))}
        </Table>
      )}
      <More more={more} />
    </>
  );
}
