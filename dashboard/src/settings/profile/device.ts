// What a User-Agent says of a device, in words that its owner knows.

const BROWSERS: ReadonlyArray<[RegExp, string]> = [
	[/\bEdgA?\/|\bEdgiOS\//, "Edge"],
	[/\bOPR\/|\bOpera\b/, "Opera"],
	[/\bSamsungBrowser\//, "Samsung Internet"],
	[/\bFirefox\/|\bFxiOS\//, "Firefox"],
	[/\b(Headless)?Chrome\/|\bCriOS\/|\bChromium\//, "Chrome"],
	[/\bSafari\//, "Safari"],
	[/^curl\//, "curl"],
];
const SYSTEMS: ReadonlyArray<[RegExp, string]> = [
	[/\biPhone\b/, "iPhone"],
	[/\biPad\b/, "iPad"],
	[/\bAndroid\b/, "Android"],
	[/\bWindows\b/, "Windows"],
	[/\bCrOS\b/, "ChromeOS"],
	[/\bMac OS X\b|\bMacintosh\b/, "macOS"],
	[/\bLinux\b|\bX11\b/, "Linux"],
];

export interface Device {
	readonly browser: string | null;
	readonly system: string | null;
}

export function deviceOf(program: string): Device {
	const first = (names: typeof BROWSERS) => names.find(([mark]) => mark.test(program))?.[1] ?? null;
	return { browser: first(BROWSERS), system: first(SYSTEMS) };
}
