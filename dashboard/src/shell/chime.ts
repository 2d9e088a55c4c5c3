// Two soft notes, made by the browser itself.

const NOTES = [659.25, 987.77];
const GAP_S = 0.14;
const LENGTH_S = 0.5;
const VOLUME = 0.12;

let audio: AudioContext | null = null;

/** Silent if the browser does not allow it: before the first click on the page. */
export function playChime(): void {
	audio ??= new AudioContext();
	const { destination, currentTime } = audio;
	void audio.resume();
	for (const [i, frequency] of NOTES.entries()) {
		const at = currentTime + i * GAP_S;
		const tone = new OscillatorNode(audio, { type: "sine", frequency });
		const volume = new GainNode(audio, { gain: 0 });
		volume.gain.setValueAtTime(0, at);
		volume.gain.linearRampToValueAtTime(VOLUME, at + 0.02);
		volume.gain.exponentialRampToValueAtTime(0.0001, at + LENGTH_S);
		tone.connect(volume).connect(destination);
		tone.start(at);
		tone.stop(at + LENGTH_S);
	}
}
