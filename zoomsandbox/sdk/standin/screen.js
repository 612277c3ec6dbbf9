// What a person sees: the whole page, made of elements; every style is in one <style> element.

const screen = { root: null };

function make(tag, properties = {}, children = []) {
  const { dataset, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, dataset ?? {});
  element.append(...children);
  return element;
}

// The page's policy allows inline styles, not a style sheet of another origin.
async function prepareScreen() {
  if (screen.root) {
    return;
  }
  screen.root = make("div", { id: "zmmtg-root" });
  screen.root.hidden = true;
  document.body.append(screen.root);
  try {
    const answer = await fetch(`${ORIGIN}/sdk/zoom-stand-in.css`, { credentials: "omit" });
    document.head.append(make("style", { textContent: await answer.text() }));
  } catch {
    // Plain, but it works.
  }
}

// Puts one view on the page and the reader's focus on its title.
function show(title, children) {
  const heading = make("h1", { textContent: title, tabIndex: -1 });
  const notice = make("header", {
    className: "zsi-notice",
    textContent: "Stand-in for Zoom's SDK: no audio or video",
  });
  const main = make("div", { className: "zsi-main" }, [heading, ...children]);
  main.setAttribute("role", "main");
  screen.root.replaceChildren(notice, main);
  screen.root.hidden = false;
  document.documentElement.classList.add("zsi-open");
  for (const other of document.body.children) {
    other.inert = other !== screen.root;
  }
  heading.focus();
}

function hide() {
  screen.root?.replaceChildren();
  if (screen.root) {
    screen.root.hidden = true;
  }
  document.documentElement.classList.remove("zsi-open");
  for (const other of document.body.children) {
    other.inert = false;
  }
}

function makeButton(label, onclick, kind = "") {
  return make("button", { type: "button", textContent: label, onclick, className: kind });
}

function showWait(text) {
  const line = make("p", { textContent: text });
  line.setAttribute("role", "status");
  show("Joining the meeting", [line]);
}

function showWaitForHost(leave) {
  const line = make("p", { textContent: "The host has not started this meeting yet." });
  line.setAttribute("role", "status");
  show("Please wait", [line, makeButton("Leave", leave)]);
}

function showError(error, done) {
  const line = make("p", { textContent: `${error.errorMessage} (${error.errorCode})` });
  line.setAttribute("role", "alert");
  show("You could not join", [line, makeButton("OK", done)]);
}

// Zoom's SDK asks for the passcode itself and tells the page nothing.
function askPasscode(retry, leave) {
  const input = make("input", { id: "zsi-passcode", required: true, autocomplete: "off" });
  input.setAttribute("aria-describedby", "zsi-wrong");
  const form = make("form", {}, [
    make("p", { id: "zsi-wrong", textContent: "The passcode is wrong." }),
    make("label", { htmlFor: input.id, textContent: "Meeting passcode" }),
    input,
    make("div", { className: "zsi-actions" }, [
      make("button", { type: "submit", textContent: "Join" }),
      makeButton("Leave", leave, "zsi-quiet"),
    ]),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    retry(input.value);
  });
  show("Enter the passcode", [form]);
  input.focus();
}

// The room; returns a function that shows who is in it.
function showRoom({ topic, me, canEnd, leave, end }) {
  const people = make("ul", { className: "zsi-people" });
  const news = make("p", { className: "zsi-news" });
  news.setAttribute("role", "status");
  const actions = make("div", { className: "zsi-actions" }, [makeButton("Leave", leave)]);
  if (canEnd) {
    actions.append(makeButton("End meeting for all", end, "zsi-danger"));
  }
  show(topic, [make("h2", { textContent: "In this meeting" }), people, news, actions]);
  let names = null;
  return (list) => {
    people.replaceChildren(
      ...list.map((person) =>
        make("li", { dataset: { as: person.as } }, [
          make("span", { textContent: person.name + (person.id === me() ? " (you)" : "") }),
          make("span", { className: "zsi-as", textContent: person.as }),
        ]),
      ),
    );
    news.textContent = names === null ? "" : tellChange(names, list);
    names = new Map(list.map((person) => [person.id, person.name]));
  };
}

function tellChange(before, list) {
  const now = new Set(list.map((person) => person.id));
  const came = list.filter((person) => !before.has(person.id)).map((person) => person.name);
  const went = [...before].filter(([id]) => !now.has(id)).map(([, name]) => name);
  return [...came.map((name) => `${name} joined.`), ...went.map((name) => `${name} left.`)].join(
    " ",
  );
}
