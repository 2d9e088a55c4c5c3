// Snippets, tags and teams as sections of the settings: code, texts and styles are loaded when somebody opens one.

import type { ComponentType } from "preact";
import { loadArea } from "../area";
import styles from "./snippets.css?link";
import { t as texts } from "./texts";

const area = { styles, texts };

export const loadSnippets = (): Promise<ComponentType> =>
	loadArea(area, async () => (await import("./snippets")).Snippets);

export const loadTags = (): Promise<ComponentType> =>
	loadArea(area, async () => (await import("./tags")).Tags);

export const loadTeams = (): Promise<ComponentType> =>
	loadArea(area, async () => (await import("./teams")).Teams);
