// Replaces noVNC in Node, which has no screen. It accepts a channel and shows nothing.

export default class FakeRFB {
  viewOnly = false;

  constructor(
    readonly target: unknown,
    private readonly channel: { close(): void },
  ) {}

  _resize(): void {}
  _fail(): boolean {
    return false;
  }
  _handleServerCutText(): boolean {
    return true;
  }
  addEventListener(): void {}
  blur(): void {}
  focus(): void {}
  disconnect(): void {
    this.channel.close();
  }
}
