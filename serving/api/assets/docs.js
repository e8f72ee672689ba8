// Sends requests from the page. Everything is put into it as text, never as HTML.
"use strict";

const shown = 20000; // characters of an answer

function address(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.elements) {
    if (!field.name || field.value === "") continue;
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else query.set(field.name, field.value);
  }
  const text = query.toString();
  return new URL("." + path + (text ? "?" + text : ""), new URL(".", location.href)).href;
}

function pretty(type, text) {
  if (!/json$/.test(type.split(";")[0].trim())) return text;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

async function beginning(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return [text + decoder.decode(), false];
    text += decoder.decode(value, { stream: true });
    if (text.length > shown * 5) { await reader.cancel(); return [text, true]; }
  }
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const output = form.querySelector("output");
  const url = address(form);
  const key = document.getElementById("key").value;
  output.replaceChildren("…");
  try {
    const begun = performance.now();
    const response = await fetch(url, { headers: key ? { Authorization: `Bearer ${key}` } : {} });
    const [text, cut] = await beginning(response);
    const time = Math.round(performance.now() - begun);
    const type = response.headers.get("content-type") || "";
    const said = pretty(type, text);
    const link = document.createElement("a");
    link.href = link.textContent = url;
    const body = document.createElement("pre");
    body.tabIndex = 0;
    body.textContent = said.length > shown || cut ? said.slice(0, shown) + "\n…" : said;
    output.replaceChildren(`${response.status} ${type}, ${time} ms: `, link, body);
  } catch (error) {
    output.replaceChildren(`No answer: ${error.message}`);
  }
}

for (const form of document.forms) {
  form.addEventListener("submit", send);
  form.querySelector("button").hidden = false;
}
document.querySelector(".key").hidden = false;
