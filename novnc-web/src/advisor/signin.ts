import { button, h, setText } from "../common/dom.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { ApiError, type Api, type Me } from "./api.ts";

export function signInForm(api: Api, t: AdvisorTexts, note: string, signedIn: (me: Me) => void): HTMLElement {
  const name = h("input", {
    id: "name",
    name: "name",
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
    maxlength: "80",
    "data-testid": "signin-name",
  });
  const password = h("input", {
    id: "password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
    required: true,
    "data-testid": "signin-password",
  });
  const submit = button("signin-submit", t.signIn.submit, () => {}, { class: "primary wide" });
  submit.type = "submit";
  const error = h("p", { class: "error", role: "alert", "data-testid": "signin-error" }, note);

  const signIn = async (): Promise<void> => {
    submit.disabled = true;
    setText(submit, t.signIn.busy);
    setText(error, "");
    try {
      signedIn(await api.signIn(name.value.trim(), password.value));
    } catch (e) {
      setText(error, words(e, t));
      password.value = "";
      password.focus();
    } finally {
      submit.disabled = false;
      setText(submit, t.signIn.submit);
    }
  };

  return h(
    "form",
    {
      class: "card narrow",
      "data-testid": "signin",
      onsubmit: (e) => {
        e.preventDefault();
        void signIn();
      },
    },
    h("h1", {}, t.signIn.heading),
    h("p", { class: "muted" }, t.signIn.intro),
    h("label", { for: "name" }, t.signIn.name),
    name,
    h("label", { for: "password" }, t.signIn.password),
    password,
    error,
    submit,
  );
}

function words(e: unknown, t: AdvisorTexts): string {
  if (!(e instanceof ApiError)) return t.failed(String(e));
  switch (e.code) {
    case "unauthorized":
      return t.signIn.wrong;
    case "too_many":
      return t.signIn.tooMany(e.retryAfter);
    case "network":
      return t.signIn.network;
  }
  return t.failed(e.message);
}
