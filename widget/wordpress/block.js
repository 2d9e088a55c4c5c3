// The block in the editor: the chat in the text of a page, or a button that opens it.
(({ blocks, blockEditor, element: { createElement } }, texts) => {
	blocks.registerBlockType("banter/chat", {
		apiVersion: 2,
		title: texts.title,
		icon: "format-chat",
		category: "widgets",
		attributes: { button: { type: "string", default: "" } },
		edit({ attributes, setAttributes }) {
			const field = createElement("input", {
				value: attributes.button,
				onChange: (event) => setAttributes({ button: event.target.value }),
			});
			return createElement(
				"div",
				blockEditor.useBlockProps({ style: { padding: "1em", border: "1px dashed" } }),
				createElement("strong", {}, texts.title),
				createElement("br"),
				createElement("label", {}, texts.button, " ", field),
			);
		},
		save: () => null,
	});
})(window.wp, window.banterChatTexts);
