// Buttons, and links that look like them.

import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon";

type Kind = "plain" | "main" | "quiet" | "danger";

interface Looks {
	readonly kind?: Kind;
	readonly icon?: IconName;
	/** Small enough for a row of a table. */
	readonly isSmall?: boolean;
	readonly children?: ComponentChildren;
}

function classOf({ kind = "plain", isSmall }: Looks): string {
	return `button button-${kind}${isSmall ? " button-small" : ""}`;
}

type NativeButton = Omit<
	ButtonHTMLAttributes<HTMLButtonElement>,
	"icon" | "class" | "type" | "children"
>;

interface ButtonProps extends Looks, NativeButton {
	readonly type?: "button" | "submit";
	/**
	 * It works: clicks do nothing. Not `disabled`, which would lose the focus.
	 */
	readonly isBusy?: boolean;
	/** There is nothing to do for it: likewise. */
	readonly isIdle?: boolean;
}

export function Button(props: ButtonProps) {
	const { kind, icon, isSmall, isBusy, isIdle, children, type = "button", ...rest } = props;
	const { onClick, ...native } = rest;
	const isOff = isBusy || isIdle;
	return (
		<button
			{...native}
			type={type}
			class={classOf(props)}
			aria-disabled={isOff || undefined}
			onClick={isOff ? (event) => event.preventDefault() : onClick}
		>
			{icon && <Icon name={icon} />}
			{children}
		</button>
	);
}

interface LinkProps extends Looks {
	readonly href: string;
	readonly download?: string;
	/** In another tab; also for pages of this origin that are not the dashboard's. */
	readonly opensTab?: boolean;
}

export function ButtonLink(props: LinkProps) {
	const { href, icon, children, download, opensTab } = props;
	return (
		<a
			class={classOf(props)}
			href={href}
			{...(download !== undefined && { download })}
			{...(opensTab && { target: "_blank", rel: "noopener" })}
		>
			{icon && <Icon name={icon} />}
			{children}
		</a>
	);
}

interface IconButtonProps extends NativeButton {
	readonly name: IconName;
	/** The button's accessible name and its tooltip. */
	readonly label: string;
	readonly isPressed?: boolean;
}

export function IconButton({ name, label, isPressed, ...native }: IconButtonProps) {
	return (
		<button
			{...native}
			type="button"
			class="icon-button"
			aria-label={label}
			aria-pressed={isPressed}
			title={label}
		>
			<Icon name={name} />
		</button>
	);
}
