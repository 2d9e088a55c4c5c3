// Inserts the chat: the page has its settings, and the site is asked who is signed in if a cookie says that somebody is.
(() => {
	const holder = document.getElementById("banter-chat");
	if (!holder || window.banterChatStarted) return;
	window.banterChatStarted = true;
	const settings = JSON.parse(holder.dataset.settings);
	const KEY = "banter.wordpress.user";

	// The calls wait in it for the server's script.
	const wait = (...call) => wait.q.push(call);
	wait.q = [];
	window.banter ??= wait;

	/** "": there is none. */
	const cookie = (name) =>
		(document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`)) || ["", ""])[1];

	/** A browser may forbid storage. */
	function remember(user) {
		try {
			const before = localStorage.getItem(KEY);
			if (user) localStorage.setItem(KEY, user);
			else localStorage.removeItem(KEY);
			return before;
		} catch {
			return null;
		}
	}

	function insert() {
		const place = document.querySelector("[data-banter-place]");
		const script = document.createElement("script");
		script.src = settings.src;
		script.async = true;
		// A script optimizer may look at it, too.
		script.dataset.cfasync = "false";
		script.dataset.widget = settings.widget;
		if (settings.locale) script.dataset.locale = settings.locale;
		if (place) script.dataset.target = "[data-banter-place]";
		const { nonce } = document.querySelector("script[nonce]") || {};
		if (nonce) script.nonce = nonce;
		document.head.append(script);
	}

	document.addEventListener("click", (event) => {
		if (event.target.closest?.("[data-banter-open]")) window.banter("open");
	});

	async function who() {
		const body = new URLSearchParams({ action: "banter_chat_who" });
		const answer = await fetch(settings.ajax, { method: "POST", body, credentials: "same-origin" });
		return answer.ok ? answer.json() : {};
	}

	async function start() {
		const user = cookie("banter_user");
		const before = remember(user);
		// Of somebody else, who has signed out in this browser.
		if (before && before !== user) window.banter("reset");
		const hasCart = settings.cart && cookie("woocommerce_items_in_cart");
		const { hidden, identity, context } = user || hasCart ? await who().catch(() => ({})) : {};
		if (hidden) return;
		if (identity) window.banter("identify", identity);
		if (context && Object.keys(context).length > 0) window.banter("context", context);
		insert();
	}

	void start();
})();
