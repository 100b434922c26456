// Enter in the e-mail field chooses no provider, but goes where the choice is.

const form = document.getElementById("connect");

document.getElementById("user_email").addEventListener("keydown", (event) => {
  const buttons = form.querySelectorAll(".provider");
  if (event.key !== "Enter" || buttons.length < 2) return;
  // Else the same key would press the button that it leads to.
  event.preventDefault();
  if (form.reportValidity()) buttons[0].focus();
});
