// Every control and colour of the pages, to look at: `make web-gallery`. It is no part of what
// users get.

import { html, render, type TemplateResult } from "lit";
import { icons, type IconName } from "../common/icons.ts";
import { button, icon, iconButton, steadyButton } from "./controls.ts";
import { confirmDialog, type Question } from "./dialog.ts";

const colours = ["ground", "surface", "text", "muted", "accent", "good", "wait", "bad", "focus", "edge"];
const kinds = [undefined, "primary", "danger", "quiet"] as const;

let question: Question | null = null;
let given = false;

const nothing = () => {};
const section = (heading: string, content: TemplateResult | TemplateResult[]) =>
  html`<section class="card">
    <h2>${heading}</h2>
    <div class="row">${content}</div>
  </section>`;

function ask(): void {
  const meaning = "What happens then, in one sentence.";
  question = { question: "End this session?", meaning, yes: "End session", no: "Cancel", confirmed: nothing };
  draw();
}

function draw(): void {
  render(
    html`<main class="column gallery">
        <h1>Controls of Lotse's pages</h1>
        ${section(
          "Colours",
          colours.map((c) => html`<span class="swatch"><span style="background: var(--${c})"></span>${c}</span>`),
        )}
        ${section(
          "Buttons",
          kinds.flatMap((kind) => [
            button({ testid: "b", label: kind ?? "plain", act: nothing, ...(kind && { kind }) }),
            button({ testid: "b", label: "disabled", act: nothing, disabled: true, ...(kind && { kind }) }),
          ]),
        )}
        ${section("Pressed", [
          button({ testid: "b", label: "Fit", act: nothing, pressed: true }),
          button({ testid: "b", label: "100 %", act: nothing, pressed: false }),
        ])}
        ${section(
          "A button whose words change",
          steadyButton({
            testid: "b",
            label: given ? "Stop controlling" : "Ask for control",
            all: ["Stop controlling", "Ask for control"],
            state: given ? "given" : "none",
            icon: "hand",
            act: () => {
              given = !given;
              draw();
            },
          }),
        )}
        ${section(
          "Icons",
          (Object.keys(icons) as IconName[]).map((name) => html`<span class="swatch">${icon(name)}${name}</span>`),
        )}
        ${section(
          "Icon buttons",
          (["clipboard", "keyboard", "expand", "more", "close"] as const).map((name) =>
            iconButton({ testid: "b", label: name, icon: name, act: nothing }),
          ),
        )}
        ${section(
          "Toasts",
          [undefined, "wait", "bad"].map((tone) => html`<p class="toast" data-tone=${tone ?? ""}>${tone ?? "plain"}</p>`),
        )}
        ${section("Dialog", button({ testid: "b", label: "Ask", act: ask }))}
      </main>
      ${confirmDialog(question, () => {
        question = null;
        draw();
      })}`,
    document.getElementById("page")!,
  );
}

draw();
