// Nothing here signs anybody in: the elements do. An application only wants to know how it ended.

const news = document.querySelector("#news");

// The events bubble, so one listener serves all buttons.
document.addEventListener("connected", ({ detail, target }) => {
  // Here, tell your own server. What it then believes, it asks the vault itself: this is only a browser.
  const title = target.closest("li").querySelector("h2").textContent;
  news.textContent = `From now on agents can use ${title} for ${detail.userEmail}.`;
});

document.addEventListener("failed", ({ detail }) => {
  news.textContent = "";
  console.info("not connected:", detail.code ?? detail.status);
});
