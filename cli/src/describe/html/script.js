
// Folds and unfolds all columns at once.
const unfold = find("unfold");
if (unfold) {
  const all = [...document.querySelectorAll("#list details")];
  const label = () => { unfold.textContent = all.every((details) => details.open) ? "Fold all" : "Unfold all"; };
  unfold.addEventListener("click", () => {
    const open = !all.every((details) => details.open);
    for (const details of all) details.open = open;
    label();
  });
  unfold.hidden = false;
  label();
}
