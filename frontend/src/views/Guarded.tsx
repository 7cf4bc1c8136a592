/** Keep a failure within the part of the page that it happens in. */

import { Component, type ComponentChildren } from "preact";

interface Properties {
  /** Shown in place of what can't be. */
  instead: ComponentChildren;
  children: ComponentChildren;
}

export class Guarded extends Component<Properties, { hasFailed: boolean }> {
  static override getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override componentDidCatch(error: unknown) {
    console.error(error);
  }

  override render() {
    return this.state.hasFailed ? this.props.instead : this.props.children;
  }
}
