// What a User-Agent says of a device, in words that its owner knows.

/** The first match counts. The group is the version. */
const BROWSERS: ReadonlyArray<readonly [name: string, mark: RegExp]> = [
	["Edge", /\b(?:EdgA?|EdgiOS)\/(\d+)/],
	["Opera", /\b(?:OPR|Opera)\/(\d+)/],
	["Samsung Internet", /\bSamsungBrowser\/(\d+)/],
	["Firefox", /\b(?:Firefox|FxiOS)\/(\d+)/],
	["Chrome", /\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\/(\d+)/],
	["Safari", /\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//],
	["curl", /^curl\/(\d+)/],
];
const SYSTEMS: ReadonlyArray<readonly [name: string, mark: RegExp]> = [
	["iPhone", /\biPhone\b/],
	["iPad", /\biPad\b/],
	["Android", /\bAndroid\b/],
	["Windows", /\bWindows\b/],
	["ChromeOS", /\bCrOS\b/],
	["macOS", /\bMac OS X\b|\bMacintosh\b/],
	["Linux", /\bLinux\b|\bX11\b/],
];

export interface Device {
	readonly browser: string | null;
	/** Of the browser. */
	readonly version: string | null;
	readonly system: string | null;
}

export function deviceOf(userAgent: string): Device {
	const browser = BROWSERS.find(([, mark]) => mark.test(userAgent));
	const system = SYSTEMS.find(([, mark]) => mark.test(userAgent));
	return {
		browser: browser?.[0] ?? null,
		version: browser?.[1].exec(userAgent)?.[1] ?? null,
		system: system?.[0] ?? null,
	};
}

/** Such as "Firefox 128 · Linux"; the text itself if it names no known browser. */
export function deviceText(userAgent: string): string {
	const { browser, version, system } = deviceOf(userAgent);
	if (browser === null) return userAgent;
	return [`${browser} ${version}`, system].filter(Boolean).join(" · ");
}
