// A button that opens a list of actions (WAI-ARIA Authoring Practices, menu button). The list is a popover, so that no
// pane cuts it off.

import type { ComponentChildren, TargetedToggleEvent } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon";

export interface MenuItem {
	readonly text: string;
	readonly icon?: IconName;
	readonly isDangerous?: boolean;
	/** Of a choice: shown with a mark. */
	readonly isChecked?: boolean;
	readonly run: () => void;
}

interface MenuProps {
	readonly label: string;
	readonly items: readonly MenuItem[];
	/** What the button shows; its accessible name is `label`, unless it is named by this. */
	readonly children: ComponentChildren;
	readonly isNamed?: boolean;
	readonly class?: string;
}

const GAP = 6;

export function Menu(props: MenuProps) {
	const { label, items, children, isNamed = false, class: className = "icon-button" } = props;
	const id = useId();
	const button = useRef<HTMLButtonElement>(null);
	const list = useRef<HTMLDivElement>(null);
	const [isOpen, setOpen] = useState(false);

	const entries = () =>
		Array.from(list.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? []);

	/** Below the button and as far right as fits, or above it. */
	function place() {
		const popover = list.current;
		const anchor = button.current?.getBoundingClientRect();
		if (!popover || !anchor) return;
		const { width, height } = popover.getBoundingClientRect();
		const left = Math.max(GAP, Math.min(anchor.left, window.innerWidth - width - GAP));
		const fitsBelow = anchor.bottom + GAP + height <= window.innerHeight;
		const top = fitsBelow ? anchor.bottom + GAP : Math.max(GAP, anchor.top - GAP - height);
		popover.style.left = `${left}px`;
		popover.style.top = `${top}px`;
	}

	function onToggle({ newState }: TargetedToggleEvent<HTMLDivElement>) {
		const opens = newState === "open";
		setOpen(opens);
		if (!opens) return;
		place();
		entries()[0]?.focus();
	}

	function onKeyDown(event: KeyboardEvent) {
		const all = entries();
		const at = all.indexOf(document.activeElement as HTMLElement);
		const to = {
			ArrowDown: (at + 1) % all.length,
			ArrowUp: (at - 1 + all.length) % all.length,
			Home: 0,
			End: all.length - 1,
		}[event.key];
		if (event.key === "Tab") list.current?.hidePopover();
		if (to === undefined) return;
		event.preventDefault();
		all[to]?.focus();
	}

	function run(item: MenuItem) {
		list.current?.hidePopover();
		button.current?.focus();
		item.run();
	}

	return (
		<>
			<button
				class={className}
				type="button"
				ref={button}
				aria-label={isNamed ? undefined : label}
				title={label}
				aria-haspopup="menu"
				aria-expanded={isOpen}
				popovertarget={id}
			>
				{children}
			</button>
			<div
				class="menu"
				id={id}
				ref={list}
				popover="auto"
				role="menu"
				aria-label={label}
				onToggle={onToggle}
				onKeyDown={onKeyDown}
			>
				{items.map((item, i) => (
					<button
						// Two people may have the same name.
						key={i}
						class={item.isDangerous ? "menu-item menu-danger" : "menu-item"}
						type="button"
						{...(item.isChecked === undefined
							? { role: "menuitem" }
							: { role: "menuitemradio", "aria-checked": item.isChecked })}
						tabIndex={-1}
						onClick={() => run(item)}
					>
						{item.icon && <Icon name={item.icon} />}
						<span>{item.text}</span>
						{item.isChecked && <Icon name="check" />}
					</button>
				))}
			</div>
		</>
	);
}
