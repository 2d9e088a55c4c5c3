// The browser and system that a User-Agent means, as far as it can be told: "Firefox 128 · Linux".

const BROWSERS: ReadonlyArray<readonly [name: string, pattern: RegExp]> = [
	["Edge", /\bEdgA?\/(\d+)/],
	["Opera", /\bOPR\/(\d+)/],
	["Samsung Internet", /\bSamsungBrowser\/(\d+)/],
	["Firefox", /\b(?:Firefox|FxiOS)\/(\d+)/],
	["Chrome", /\b(?:HeadlessChrome|Chrome|CriOS)\/(\d+)/],
	["Safari", /\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari/],
];
const SYSTEMS: ReadonlyArray<readonly [name: string, pattern: RegExp]> = [
	["iPhone", /\biPhone\b/],
	["iPad", /\biPad\b/],
	["Android", /\bAndroid\b/],
	["Windows", /\bWindows\b/],
	["macOS", /\bMac OS X\b/],
	["ChromeOS", /\bCrOS\b/],
	["Linux", /\bLinux\b/],
];

/** The text itself if it is not one of the known. */
export function browserName(userAgent: string): string {
	const browser = BROWSERS.find(([, pattern]) => pattern.test(userAgent));
	if (!browser) return userAgent;
	const version = browser[1].exec(userAgent)?.[1] ?? "";
	const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0];
	return [`${browser[0]} ${version}`, system].filter(Boolean).join(" · ");
}
