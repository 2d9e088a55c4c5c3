// A name for somebody who gave none, such as "Amber Fox": made from an id, the same everywhere and always. These names
// are not translated, like other names.

import { hash } from "./identicon";

const COLOURS = words(
	"Amber Azure Blue Bronze Cherry Cobalt Copper Coral Cream Crimson Ebony Emerald Frosty Ginger Golden Green " +
		"Hazel Honey Indigo Ivory Jade Lemon Lilac Lime Mango Maple Mint Misty Ochre Olive Opal Orange " +
		"Pearl Pink Plum Purple Quartz Red Rose Ruby Russet Rusty Saffron Sage Sandy Scarlet Silver Sky " +
		"Slate Snowy Sunny Tan Teal Topaz Umber Velvet Violet Walnut Wheat White Willow Winter Yellow Zinc",
);

const ANIMALS = words(
	"Alpaca Badger Bear Beaver Bison Camel Cat Cheetah Crane Crow Deer Dolphin Dove Duck Eagle Egret " +
		"Elk Falcon Ferret Finch Fox Gecko Gibbon Goose Hare Hawk Heron Hippo Ibex Ibis Jackal Jaguar " +
		"Kite Koala Lark Lemur Lion Llama Lynx Magpie Marten Mole Moose Newt Orca Otter Owl Panda " +
		"Parrot Penguin Puffin Quail Rabbit Raven Robin Seal Sparrow Stork Swan Swift Tapir Tiger Wolf Wren",
);

function words(text: string): readonly string[] {
	return text.split(" ");
}

const pick = (names: readonly string[], number: number): string =>
	names[number % names.length] ?? "";

export function friendlyName(id: string): string {
	const bits = hash(id);
	return `${pick(COLOURS, bits >>> 16)} ${pick(ANIMALS, bits & 0xffff)}`;
}

interface Named {
	readonly sessionId: string;
	readonly contact: {
		readonly name: string | null;
		readonly email: string | null;
		readonly phone: string | null;
	} | null;
}

/** What the visitor of a conversation is called. */
export function visitorName({ contact, sessionId }: Named): string {
	return contact?.name || contact?.email || contact?.phone || friendlyName(sessionId);
}
