// window.Intercom, as its developers' documents describe it, for the widget.

import { call, context, forget, identify, load, on } from "./widget";

type Args = ArrayLike<unknown>;
type Settings = Readonly<Record<string, string | boolean | undefined>>;

const page = window as unknown as {
	Intercom?: ((...args: unknown[]) => void) & { q?: Args[]; booted?: boolean };
	intercomSettings?: Settings;
};

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
	const isFirst = load({
		launcherStyle: hide_default_launcher ? "none" : "",
		position: alignment as string,
		locale: locale as string,
	});
	call("show");
	identify({ name, email, phone, userId: user_id, hash: user_hash });
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
