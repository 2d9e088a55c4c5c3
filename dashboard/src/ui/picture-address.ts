// The address of a picture that browsers load, as the server accepts it.

const ADDRESS = /^https:\/\/[a-z0-9][^\s"'()<>\\^`{|}]*$/i;

export const PICTURE_ADDRESS_MAX = 2000;

export const isPictureAddress = (text: string): boolean => ADDRESS.test(text);
