// Runs before the first paint, so that a remembered theme does not flash. Not inline: the page's CSP forbids that.
try {
  const theme = localStorage.getItem("hubbub.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage, no remembered theme: the system's is used.
}
