import { html, type TemplateResult } from "lit";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { ApiError, type Api, type Me } from "./api.ts";

/** The form with which an advisor signs in. */
export class SignIn {
  private busy = false;
  private problem = "";

  constructor(
    private readonly api: Api,
    private readonly signedIn: (me: Me) => void,
    private readonly changed: () => void,
  ) {}

  /** Says why the form is here again. */
  tell(problem: string): void {
    this.problem = problem;
  }

  view(t: AdvisorTexts): TemplateResult {
    return html`<form
      class="card narrow"
      data-testid="signin"
      @submit=${(e: SubmitEvent) => {
        e.preventDefault();
        void this.submit(e.currentTarget as HTMLFormElement, t);
      }}
    >
      <h1>${t.signIn.heading}</h1>
      <p class="muted">${t.signIn.intro}</p>
      <label for="name">${t.signIn.name}</label>
      <input
        id="name"
        name="name"
        autocomplete="username"
        autocapitalize="none"
        spellcheck="false"
        maxlength="80"
        required
        data-testid="signin-name"
      />
      <label for="password">${t.signIn.password}</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        data-testid="signin-password"
      />
      <p class="error" role="alert" data-testid="signin-error">${this.problem}</p>
      <button type="submit" class="primary wide" data-testid="signin-submit" ?disabled=${this.busy}>
        ${this.busy ? t.signIn.busy : t.signIn.submit}
      </button>
    </form>`;
  }

  private async submit(form: HTMLFormElement, t: AdvisorTexts): Promise<void> {
    const [name, password] = ["name", "password"].map((id) => form.elements.namedItem(id) as HTMLInputElement);
    if (!name || !password || this.busy) return;
    this.set(true, "");
    try {
      const me = await this.api.signIn(name.value.trim(), password.value);
      this.set(false, "");
      this.signedIn(me);
    } catch (e) {
      this.set(false, words(e, t));
      password.value = "";
      password.focus();
    }
  }

  private set(busy: boolean, problem: string): void {
    this.busy = busy;
    this.problem = problem;
    this.changed();
  }
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
