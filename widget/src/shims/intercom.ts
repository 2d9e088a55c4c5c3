// window.Intercom, as its developers' documents describe it, for the widget.

import { call, context, forget, identify, load, on } from "./widget";

type Args = ArrayLike<unknown>;
type Settings = Readonly<Record<string, string | boolean | undefined>>;

const page = window as unknown as {
	Intercom?: ((...args: unknown[]) => void) & { q?: Args[]; booted?: boolean };
	intercomSettings?: Settings;
};
/** `hide_default_launcher`; undefined: the widget's settings say. */
let isHidden: boolean | undefined;

/** Whether the chat has its button, also once it is drawn. */
function showLauncher() {
	document
		.querySelector("banter-chat")
		?.shadowRoot?.querySelector(".launcher")
		?.classList.toggle("none", isHidden);
}

function update(settings: Settings = {}) {
	const {
		app_id,
		api_base,
		name,
		email,
		phone,
		user_id,
		user_hash,
		intercom_user_jwt: _,
		language_override: locale,
		hide_default_launcher,
		custom_launcher_selector,
		alignment,
		...rest
	} = settings;
	const isFirst = load({ position: alignment as string, locale: locale as string });
	if (hide_default_launcher !== undefined) {
		isHidden = Boolean(hide_default_launcher);
		showLauncher();
	}
	call("show");
	// Without a user id, the hash is that of the e-mail address.
	identify({ name, email, phone, userId: user_id ?? (user_hash && email), hash: user_hash });
	if (locale && !isFirst) call("locale", locale);
	if (Object.keys(rest).length > 0) context(rest);
	if (custom_launcher_selector)
		for (const one of document.querySelectorAll(custom_launcher_selector as string))
			one.addEventListener("click", () => call("open"));
}

const open = () => call("open");
let isReady = false;
on("ready", () => {
	isReady = true;
	if (isHidden !== undefined) showLauncher();
});

const METHODS: Readonly<Record<string, (first: never, second: never) => unknown>> = {
	boot: update,
	update,
	shutdown() {
		forget();
		call("close");
		call("hide");
	},
	show: open,
	showMessages: open,
	showSpace: open,
	hide: () => call("close"),
	showNewMessage(text?: string) {
		open();
		if (text) call("prefill", text);
	},
	ready: (done: () => void) => (isReady ? done() : on("ready", done)),
	onShow: (done: () => void) => on("opened", done),
	onHide: (done: () => void) => on("closed", done),
	onUserEmailSupplied: (done: () => void) => on("contact", done),
	onUnreadCountChange: (done: (count: number) => void) => on("unread", ({ count }) => done(count)),
	trackEvent: (name: string, details: unknown) => context({ [name]: details ?? true }),
};

/** A method that is not here has no effect. */
const run = ([name, first, second]: readonly unknown[]) =>
	METHODS[name as string]?.(first as never, second as never);

const queue = page.Intercom?.q ?? [];
page.Intercom = Object.assign((...args: unknown[]) => void run(args), { booted: true });
if (page.intercomSettings) update(page.intercomSettings);
for (const args of Array.from(queue)) run(Array.from(args));
