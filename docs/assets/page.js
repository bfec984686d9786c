// The button that copies a page as Markdown. It listens at the document, so that it also works
// after a page was opened without reloading.
document.addEventListener("click", async ({target}) => {
  const button = target.closest?.("[data-copy-page]")
  if (!button) return
  const status = button.parentElement.querySelector("[role=status]")
  status.textContent = ""
  try {
    const answer = await fetch(new URL(button.dataset.copyPage, location.href))
    if (!answer.ok) throw new Error(`the site answers ${answer.status}`)
    await navigator.clipboard.writeText(await answer.text())
    status.textContent = "Copied"
  } catch (error) {
    status.textContent = `Not copied: ${error.message}. The Markdown is one link further.`
  }
})
