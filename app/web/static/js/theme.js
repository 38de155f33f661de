// Runs before the first paint, hence no module: the chosen theme, or the system's when none was chosen.
(() => {
  const chosen = localStorage.getItem("saldo-vivo:tema");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
