// Runs before the first paint, hence no module.
(() => {
  // The chosen theme, or the system's when none was chosen.
  const chosen = localStorage.getItem("saldo-vivo:tema");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;

  // A file of the page that did not arrive would leave it blank without a word.
  const tellOnce = () => {
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
  addEventListener("error", ({ target }) => target instanceof HTMLScriptElement && tellOnce(), true);
  addEventListener("unhandledrejection", ({ reason }) => /module/i.test(reason?.message) && tellOnce());
})();
