package accounts

import (
	"slices"
	"strings"
)

// normalEmail gives an address as it is stored and compared, in lower case, and whether it is one. Only
// ASCII is taken: addresses that merely look alike are not the same, and not every server takes others.
func normalEmail(text string) (string, bool) {
	text = strings.TrimSpace(text)
	local, host, _ := strings.Cut(text, "@")
	if len(text) > 254 || local == "" || len(local) > 64 || !normalDomain(strings.ToLower(host)) {
		return "", false
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return "", false
	}
	for _, r := range local {
		if !letterOrDigit(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
			return "", false
		}
	}
	return strings.ToLower(text), true
}

// normalDomain tells whether a text is a domain name in lower case, of two labels at least.
func normalDomain(text string) bool {
	labels := strings.Split(text, ".")
	return len(text) <= 253 && len(labels) >= 2 && !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || len(label) > 63 || label != strings.ToLower(label) ||
			strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, func(r rune) bool { return !letterOrDigit(r) && r != '-' })
	})
}

func letterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
