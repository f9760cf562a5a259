// SPDX-License-Identifier: MIT
// Keeps the page up to date. The agent renders it, here no text becomes markup: the page is fetched
// again when an event has come, and the rows that differ are exchanged. A page that is not looked at
// asks for nothing.
"use strict";

const PAUSE = 500; // ms between two answers and the next question
const CHECKS = 5000; // ms after which results of checks are worth a look, as they are no events
const RETRY = 5000; // ms

const $ = (id) => document.getElementById(id);
const version = $("version").textContent;
let skew = Date.now() - Date.parse(document.body.dataset.now); // this clock minus the agent's
let stream = null;
let asked = 0; // when the page was last fetched
let timer = 0;
let busy = false; // a question is not answered yet
let again = false; // something has happened since it was asked
let lost = false; // the agent does not answer

// ---- what is shown ----

function say(kind, text) {
  const live = $("live");
  const word = live.firstElementChild;
  if (word.className === kind && word.textContent === text) return;
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  live.replaceChildren(span);
}

function age(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  if (s < 60) return s + "s";
  if (s < 3600) return Math.floor(s / 60) + "m" + two(s % 60) + "s";
  if (s < 86400) return Math.floor(s / 3600) + "h" + two(Math.floor(s / 60) % 60) + "m";
  return Math.floor(s / 86400) + "d" + two(Math.floor(s / 3600) % 24) + "h";
}

function tick() {
  for (const time of document.querySelectorAll("time:not(.at)")) {
    const text = age(Math.abs(Date.now() - skew - Date.parse(time.dateTime)));
    if (time.textContent !== text) time.textContent = text;
  }
}

// An age differs in every answer, without a change.
function source(element) {
  const copy = element.cloneNode(true);
  for (const time of copy.querySelectorAll("time:not(.at)")) time.textContent = "";
  for (const details of copy.querySelectorAll("details")) details.removeAttribute("open");
  copy.classList.remove("new");
  if (!copy.className) copy.removeAttribute("class");
  return copy.outerHTML;
}

// The focused element, by the key of its row: afterwards the row may be another element, elsewhere.
const FOCUSABLE = "summary, a";

function focused() {
  const element = document.activeElement;
  const part = element.closest("[data-part]");
  if (!part) return null;
  const row = element.closest("[data-part] > [data-key]");
  return { part: part.id, key: row?.dataset.key, at: [...(row ?? part).querySelectorAll(FOCUSABLE)].indexOf(element) };
}

function focus(was) {
  if (!was || document.activeElement !== document.body) return;
  const part = $(was.part);
  const row = was.key ? [...part.children].find((row) => row.dataset.key === was.key) : part;
  row?.querySelectorAll(FOCUSABLE)[was.at]?.focus({ preventScroll: true });
}

// Details that a person has opened stay open.
function exchange(old, fresh) {
  for (const details of old.querySelectorAll("details[open]"))
    for (const other of fresh.querySelectorAll("details"))
      if (other.dataset.key === details.dataset.key) other.open = true;
  old.replaceWith(fresh);
}

// Rows have a key each; a part without them is exchanged as a whole.
function update(part, fresh) {
  const old = new Map();
  for (const row of part.children) if (row.dataset.key) old.set(row.dataset.key, row);
  if (!old.size && !fresh.querySelector("[data-key]")) {
    if (source(part) !== source(fresh)) exchange(part, document.importNode(fresh, true));
    return;
  }
  let place = part.firstElementChild;
  for (const row of fresh.children) {
    const mine = row.dataset.key ? old.get(row.dataset.key) : part.tHead;
    const same = mine && source(mine) === source(row);
    const next = same ? mine : document.importNode(row, true);
    if (mine && !same) {
      if (place === mine) place = next;
      exchange(mine, next);
    }
    if (!mine) next.classList.add("new");
    if (next === place) place = place.nextElementSibling;
    else part.insertBefore(next, place);
    old.delete(row.dataset.key);
  }
  for (const row of old.values()) row.remove();
}

function show(fresh) {
  skew = Date.now() - Date.parse(fresh.body.dataset.now);
  $("live").dataset.at = fresh.body.dataset.now;
  document.title = fresh.title;
  const was = focused();
  for (const part of fresh.querySelectorAll("[data-part]")) update($(part.id), part);
  focus(was);
  tick();
}

// ---- asking ----

function answered(request) {
  if (request.status !== 200 || !request.response?.body.dataset.now) {
    failed("The agent answers with status " + request.status);
    return;
  }
  lost = false;
  show(request.response);
  const now = request.response.getElementById("version").textContent;
  if (now !== version) say("odd", "The agent is version " + now + " now: load the page again");
  else if (stream?.readyState === 1) say("good", "live");
  else say("odd", "not live, asking every " + RETRY / 1000 + " s");
  next(CHECKS);
}

function failed(why) {
  if (!lost) say("bad", why + ". This is how it was at " + $("live").dataset.at);
  lost = true;
  next(RETRY);
}

function next(ms) {
  busy = false;
  if (again) soon();
  else later(ms);
  again = false;
}

// XMLHttpRequest parses HTML without running anything of it.
function ask() {
  again = busy;
  if (busy) return;
  busy = true;
  asked = Date.now();
  const request = new XMLHttpRequest();
  request.open("GET", location.href.split("#")[0]);
  request.setRequestHeader("Accept", "text/html");
  request.responseType = "document";
  request.timeout = 10000;
  request.onload = () => answered(request);
  request.onerror = request.ontimeout = () => failed("The agent does not answer");
  request.send();
}

function later(ms) {
  clearTimeout(timer);
  timer = document.hidden ? 0 : setTimeout(ask, ms);
}

function soon() {
  later(Math.max(20, asked + PAUSE - Date.now()));
}

function follow() {
  stream?.close();
  stream = new EventSource("v1/events");
  stream.onmessage = soon;
  for (const kind of ["events.begin", "events.missed", "events.end"]) stream.addEventListener(kind, soon);
  // The browser connects again by itself, but not when it was refused: too many may follow already.
  stream.onerror = () => {
    if (stream.readyState === 2) setTimeout(() => document.hidden || follow(), RETRY);
    soon();
  };
}

function onVisibility() {
  if (document.hidden) {
    stream?.close();
    clearTimeout(timer);
  } else {
    follow();
    soon();
  }
}

// ---- the form ----

function search() {
  const values = new URLSearchParams(new FormData($("filter")));
  for (const [name, value] of [...values]) if (!value) values.delete(name);
  history.replaceState(null, "", "?" + values);
  soon();
}

document.addEventListener("input", search); // that of events is outside of the form
$("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  $("filter").elements.q.focus();
});
document.addEventListener("visibilitychange", onVisibility);
window.addEventListener("pagehide", () => stream?.close());
setInterval(tick, 1000);
onVisibility();
