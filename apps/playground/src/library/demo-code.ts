const KEY = "prosopon-demo-code";

/**
 * The code of the link that `prosopon serve --demo` printed (`#demo=…`). It leaves the address bar, and with that the history,
 * and stays with this tab alone, so that a reload or a signing out does not lose it.
 */
export const demoCode: string | undefined = takeDemoCode();

function takeDemoCode(): string | undefined {
  const code = /^#demo=([\w-]+)$/.exec(location.hash)?.[1];
  if (code === undefined) return sessionStorage.getItem(KEY) ?? undefined;
  sessionStorage.setItem(KEY, code);
  history.replaceState(history.state, "", location.pathname + location.search);
  return code;
}
