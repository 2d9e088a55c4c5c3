// The frame around all pages of a signed-in user: navigation, account, command palette, messages.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { ErrorBoundary, lazy, useLocation } from "preact-iso";
import { useTitleCount } from "../hooks/use-arrival";
import { follow, HOME } from "../paths";
import { t } from "../text/common";
import { Brand } from "../ui/brand";
import { Icon } from "../ui/icon";
import { AccountMenu } from "./account-menu";
import { useCounts } from "./counts";
import { useOnline } from "./online";
import { isAt, PLACES, type Place, SETTINGS } from "./places";
import { type Command, keysOf, listenToKeys, useCommands } from "./shortcuts";
import { Toasts } from "./toasts";
import { useActivity } from "./use-activity";
import { useNotifier } from "./use-bell";

// Loaded when somebody opens them.
const Palette = lazy(async () => (await import("./palette")).Palette);
const ShortcutHelp = lazy(async () => (await import("./palette")).ShortcutHelp);

/** So that the first letters after Ctrl-K arrive in the palette. */
function loadPaletteSoon() {
	const soon = window.requestIdleCallback ?? setTimeout;
	// The next attempt is the one of the user.
	soon(() => void import("./palette").catch(() => {}));
}

interface FrameProps {
	readonly onSignedOut: () => void;
	readonly children: ComponentChildren;
}

type Overlay = "palette" | "shortcuts" | null;

export function Frame({ onSignedOut, children }: FrameProps) {
	const { path } = useLocation();
	const [overlay, setOverlay] = useState<Overlay>(null);
	const isOnline = useOnline();
	const { data: counts } = useCounts();
	useTitleCount(counts?.waiting ?? 0);
	useLayoutEffect(listenToKeys, []);
	useEffect(loadPaletteSoon, []);
	useNotifier();
	useActivity();
	useCommands([
		...[...PLACES, SETTINGS].map(
			(place): Command => ({
				id: place.href,
				text: t("goTo", { place: t(place.text) }),
				run: () => follow(place.href),
			}),
		),
		{
			id: "palette",
			text: t("commands"),
			key: "mod+k",
			isHidden: true,
			run: () => setOverlay("palette"),
		},
		{ id: "shortcuts", text: t("shortcuts"), key: "?", run: () => setOverlay("shortcuts") },
	]);
	const close = () => setOverlay(null);

	return (
		<div class="frame">
			<a class="skip" href="#main">
				{t("skip")}
			</a>
			<header class="rail">
				<a class="rail-home" href={HOME}>
					<Brand />
				</a>
				<button class="rail-search" type="button" onClick={() => setOverlay("palette")}>
					<Icon name="search" />
					<span class="rail-text">{t("commands")}</span>
					<kbd>{keysOf("mod+k").join(" ")}</kbd>
				</button>
				<nav class="rail-nav" aria-label={t("navigation")}>
					{PLACES.map((place) => (
						<PlaceLink key={place.href} place={place} path={path} />
					))}
				</nav>
				<nav class="rail-foot" aria-label={t("administration")}>
					<PlaceLink place={SETTINGS} path={path} />
				</nav>
				<AccountMenu onSignedOut={onSignedOut} onShortcuts={() => setOverlay("shortcuts")} />
			</header>
			<div class="frame-page">
				{!isOnline && (
					<p class="offline" role="status">
						<Icon name="warning" />
						{t("offline")}
					</p>
				)}
				{children}
			</div>
			<Toasts />
			<ErrorBoundary>
				{overlay === "palette" && <Palette onClose={close} />}
				{overlay === "shortcuts" && <ShortcutHelp onClose={close} />}
			</ErrorBoundary>
		</div>
	);
}

function PlaceLink({ place, path }: { readonly place: Place; readonly path: string }) {
	return (
		<a class="rail-link" href={place.href} aria-current={isAt(place, path) ? "page" : undefined}>
			<Icon name={place.icon} />
			<span class="rail-text">{t(place.text)}</span>
			{place.short && (
				<span class="rail-short" aria-hidden="true">
					{t(place.short)}
				</span>
			)}
		</a>
	);
}
