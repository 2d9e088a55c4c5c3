// The page /chat/WIDGET: a widget's chat without a site. A mail to a visitor leads here, with one of two tokens in the
// fragment, which the browser sends to no server: #banter-back brings its reader back into the conversation, #banter-stop
// asks whether to end such mails. Nothing happens before this script runs: programs that follow the links of mails do not
// use them up.

interface Words {
	title: string;
	text: string;
	button: string;
	done: string;
	failed: string;
}

const WORDS: Record<string, Words> = {
	en: {
		title: "Answers by e-mail",
		text: "When you have left the chat, we send you our answers by e-mail.",
		button: "Send me no more e-mails",
		done: "Done. You get no more e-mails from this chat.",
		failed: "That did not work. Please try again.",
	},
	de: {
		title: "Antworten per E-Mail",
		text: "Wenn Sie den Chat verlassen haben, schicken wir Ihnen unsere Antworten per E-Mail.",
		button: "Keine E-Mails mehr schicken",
		done: "Erledigt. Sie bekommen keine E-Mails mehr von diesem Chat.",
		failed: "Das hat nicht funktioniert. Bitte versuchen Sie es noch einmal.",
	},
	fr: {
		title: "Réponses par e-mail",
		text: "Lorsque vous avez quitté le chat, nous vous envoyons nos réponses par e-mail.",
		button: "Ne plus m’envoyer d’e-mails",
		done: "C’est fait. Vous ne recevrez plus d’e-mails de ce chat.",
		failed: "Cela n’a pas fonctionné. Veuillez réessayer.",
	},
	es: {
		title: "Respuestas por correo",
		text: "Cuando ha dejado el chat, le enviamos nuestras respuestas por correo electrónico.",
		button: "No enviarme más correos",
		done: "Hecho. No recibirá más correos de este chat.",
		failed: "No ha funcionado. Inténtelo de nuevo.",
	},
};

const widget = location.pathname.split("/").pop() ?? "";
const [, what, token] = /^#banter-(back|stop)=(\w+)$/.exec(location.hash) ?? [];

function words(): [string, Words] {
	for (const language of navigator.languages) {
		const code = language.slice(0, 2).toLowerCase();
		const found = WORDS[code];
		if (found) return [code, found];
	}
	return ["en", WORDS.en as Words];
}

/** Exchanges the token of a link for one of the visitor. Without success the chat begins as it would without the link. */
async function comeBack(link: string): Promise<void> {
	const key = `banter.token.${widget}`;
	const own = localStorage.getItem(key) ?? "";
	const query = new URLSearchParams({ token: own, back: link });
	const abort = new AbortController();
	const response = await fetch(`/api/widget/${widget}/events?${query}`, { signal: abort.signal });
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	let text = "";
	while (reader && response.ok) {
		const { done, value } = await reader.read();
		if (done) break;
		text += value;
		const [, given] = /"session_token":"(\w+)"/.exec(text) ?? [];
		if (!given) continue;
		localStorage.setItem(key, given);
		break;
	}
	abort.abort();
}

function askToStop(stop: string): void {
	const [language, texts] = words();
	const card = document.querySelector("main") as HTMLElement;
	const [title, text, button] = card.children as unknown as [
		HTMLElement,
		HTMLElement,
		HTMLButtonElement,
	];
	document.documentElement.lang = language;
	document.title = texts.title;
	title.textContent = texts.title;
	text.textContent = texts.text;
	text.setAttribute("role", "status");
	button.textContent = texts.button;
	button.addEventListener("click", async () => {
		button.disabled = true;
		const answer = await fetch(`/v1/mails/stop?token=${stop}`, { method: "POST" }).catch(
			() => null,
		);
		text.textContent = answer?.ok ? texts.done : texts.failed;
		button.hidden = answer?.ok === true;
		button.disabled = false;
	});
	card.hidden = false;
}

function showChat(): void {
	const script = document.createElement("script");
	script.src = "/api/widget/embed.js";
	script.dataset.widget = widget;
	script.dataset.mode = "page";
	document.body.append(script);
}

if (what === "stop" && token) {
	askToStop(token);
} else {
	if (token) history.replaceState(null, "", location.pathname);
	(token ? comeBack(token) : Promise.resolve()).catch(() => {}).then(showChat);
	fetch(`/api/widget/${widget}/config`)
		.then((answer) => answer.json())
		.then(({ name }) => {
			if (name) document.title = name;
		})
		.catch(() => {});
}
