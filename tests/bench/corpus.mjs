// The texts and questions of `make bench-search`: documents are split into chunks without any headings; the headings
// of FAQs are the questions, and the chunks below each are its answer.

import { writeFileSync } from "node:fs";
import { documents } from "./documents.mjs";

const CHUNK = 1000; // characters
const LONGEST = 4000;

/** Splits a section's paragraphs into chunks that end at paragraphs. */
function* chunksOf(paragraphs) {
	let text = "";
	for (const paragraph of paragraphs) {
		const plain = paragraph.replace(/\s+/g, " ").trim().slice(0, LONGEST);
		if (text !== "" && text.length + plain.length > CHUNK) {
			yield text;
			text = "";
		}
		text += (text === "" ? "" : " ") + plain;
	}
	if (/\w/.test(text)) yield text;
}

const isQuestion = (section, faq) =>
	faq && section.heading.endsWith("?") && section.heading.split(" ").length >= 3;

/** A FAQ's chunks end at its questions, those of other documents also go on below the next heading. */
const partsOf = ({ sections, faq }) =>
	faq ? sections : [{ heading: "", paragraphs: sections.flatMap((section) => section.paragraphs) }];

/** At most so many chunks and their questions. */
export function makeCorpus(most) {
	const chunks = [];
	const questions = new Map();
	for (const document of documents()) {
		for (const part of partsOf(document)) {
			const first = chunks.length;
			for (const text of chunksOf(part.paragraphs)) chunks.push({ path: document.path, text });
			if (!isQuestion(part, document.faq) || chunks.length === first) continue;
			const answer = Array.from({ length: chunks.length - first }, (_, i) => first + i);
			questions.set(part.heading, [...(questions.get(part.heading) ?? []), ...answer]);
		}
		if (chunks.length >= most) break;
	}
	return {
		chunks: chunks.slice(0, most),
		questions: [...questions].map(([text, answer]) => ({ text, answer })),
	};
}

/** A line for each chunk: the number of its document, a tab, the text. */
export function writeChunks(path, chunks) {
	const documentsSeen = new Map();
	const lines = chunks.map(({ path: document, text }) => {
		if (!documentsSeen.has(document)) documentsSeen.set(document, documentsSeen.size);
		return `${documentsSeen.get(document)}\t${text.replace(/[\t\\]/g, " ")}`;
	});
	writeFileSync(path, `${lines.join("\n")}\n`);
}

export function writeQuestions(path, questions) {
	writeFileSync(path, `${questions.map(({ text }) => text.replace(/\s+/g, " ")).join("\n")}\n`);
}
