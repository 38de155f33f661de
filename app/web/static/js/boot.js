// Runs before the first paint, hence no module.
(() => {
  // The chosen theme, or the system's when none was chosen.
  const THEME = "saldo-vivo:tema";
  const paint = () => {
    const chosen = localStorage.getItem(THEME);
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
  };
  paint();
  // Another tab may choose; null: it emptied the store.
  addEventListener("storage", ({ key }) => (key === THEME || key === null) && paint());

  // A file of the page that did not arrive would leave it blank without a word. A page that has not
  // begun tries once more by itself; one that somebody uses must not lose what they typed.
  const KEY = "saldo-vivo:recarregada";
  const AGAIN_AFTER_MS = 30_000;

  const incomplete = () => {
    const begun = document.querySelector(".shell, .arrival");
    const last = Number(sessionStorage.getItem(KEY));
    if (begun || Date.now() - last < AGAIN_AFTER_MS) return tell();
    sessionStorage.setItem(KEY, String(Date.now()));
    return location.reload();
  };

  const tell = () => {
    if (document.querySelector(".not-loaded")) return;
    const message = document.createElement("p");
    const again = document.createElement("button");
    message.className = "not-loaded";
    message.setAttribute("role", "alert");
    message.textContent = "Uma parte da página não chegou. ";
    again.textContent = "Carregar de novo";
    again.addEventListener("click", () => location.reload());
    message.append(again);
    document.body.prepend(message);
  };

  addEventListener("error", ({ target }) => target instanceof HTMLScriptElement && incomplete(), true);
  addEventListener("unhandledrejection", ({ reason }) => /module|stylesheet/i.test(reason?.message) && incomplete());
})();
