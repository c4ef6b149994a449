package signin

import "strings"

// browsers and systems map a token of a user agent to the word that people use. The first that occurs
// counts: most browsers also name those whose pages they want to be served.
var (
	browsers = [][2]string{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"},
		{"CriOS/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Macintosh", "Mac"},
		{"Linux", "Linux"},
	}
)

// device gives the words by which people recognise where a session is from, such as "Firefox on Windows".
// They rest on what the browser claims of itself and prove nothing.
func device(userAgent string) string {
	browser, system := first(browsers, userAgent), first(systems, userAgent)
	switch {
	case browser == "" && system == "":
		return "Unknown device"
	case system == "":
		return browser
	case browser == "":
		return system
	}
	return browser + " on " + system
}

// first gives the word of the first token that occurs in the text, or nothing.
func first(words [][2]string, text string) string {
	for _, word := range words {
		if strings.Contains(text, word[0]) {
			return word[1]
		}
	}
	return ""
}
