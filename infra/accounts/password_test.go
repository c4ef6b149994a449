package accounts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"effigate/domain"
	"effigate/infra/accounts"
)

func TestPasswordsThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		goodPassword, otherPassword, "пароль для работы", "密码很长而且没有人知道它是什么", "Tr0ub4dor&3 and more", "x9$Lq!72mZpw",
		strings.Repeat("abcdefgh", 32),
	} {
		if err := accounts.CheckPassword(password, "Ada Lovelace", "ada.lovelace@example.org"); err != nil {
			t.Errorf("%q is refused: %v", password, err)
		}
	}
}

func TestPasswordsThatAreRefused(t *testing.T) {
	t.Parallel()
	for password, why := range map[string]string{
		"":                                   "at least 12",
		"elevenchars":                        "at least 12",
		"ﬃﬃﬃﬃ":                               "different", // three letters each, but one character
		strings.Repeat("abcdefgh", 32) + "x": "at most 256",
		"\xff\xfe twelve and more":           "UTF-8",
		"abababababab":                       "different",
		"I love Lovelace!":                   "name or address",
		"my ADA.lovelace thing":              "name or address",
		"qwerty123456":                       "breaches",
		"Password2024!":                      "breaches",
		"...dragon1234567":                   "breaches",
		"sunshinesunshine":                   "breaches",
		"Administrator":                      "breaches",
	} {
		err := accounts.CheckPassword(password, "Ada Lovelace", "ada.lovelace@example.org")
		refusal, ok := errors.AsType[*domain.Refusal](err)
		if !ok || !strings.Contains(refusal.Fields["password"], why) {
			t.Errorf("%q: got %v, want %q", password, err, why)
		}
	}
}

func TestTheListIsWhatItSays(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("breached/passwords.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	says, err := os.ReadFile("breached/VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(list)
	if !strings.Contains(string(says), hex.EncodeToString(digest[:])) {
		t.Errorf("the list has the digest %x, VENDOR.md says otherwise", digest)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"ada@example.org": "ada@example.org", " Ada+Tag@EXAMPLE.org\n": "ada+tag@example.org", "o'neil@a-b.example": "o'neil@a-b.example",
		"": "", "ada": "", "@example.org": "", "ada@": "", "ada@localhost": "", "ada@@example.org": "", "ada@exa mple.org": "",
		"ada@example..org": "", "ada@-example.org": "", ".ada@example.org": "", "a..b@example.org": "", "\"a b\"@example.org": "",
		"Ada <ada@example.org>": "", "ada@example.org,eve@example.org": "", "ada@example.org\r\nBcc: eve@example.org": "",
		"ada@[192.0.2.1]": "", "mi\u212ae@example.org": "", "ada@ex\u00e4mple.org": "", strings.Repeat("a", 65) + "@example.org": "",
		"a@" + strings.Repeat("b.", 126) + "org": "",
	} {
		got, ok := accounts.NormalEmail(given)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", given, got, ok)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"ada@example.org", "A.B+c@x-y.example.org", "a@b", "@", "ada@example.org\r\n", "\u212a@example.org"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		normal, ok := accounts.NormalEmail(given)
		if !ok {
			if normal != "" {
				t.Errorf("%q is no address but gives %q", given, normal)
			}
			return
		}
		if again, ok := accounts.NormalEmail(normal); !ok || again != normal {
			t.Errorf("%q gives %q gives %q", given, normal, again)
		}
		if !utf8.ValidString(normal) || len(normal) > 254 || strings.Count(normal, "@") != 1 || strings.ContainsAny(normal, " \r\n\t<>,;:\"\\()[]\x00") ||
			normal != strings.ToLower(normal) {
			t.Errorf("%q gives %q", given, normal)
		}
	})
}

func TestABoxOpensForItsPurposeAndOwner(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.StaffSide)
	ada, bo := domain.PersonID{UUID: newID()}, domain.PersonID{UUID: newID()}
	sealed := d.Seal("totp", ada, []byte("secret"))
	if plain, err := d.Open("totp", ada, sealed); err != nil || string(plain) != "secret" {
		t.Errorf("got %q, %v", plain, err)
	}
	if sealed == d.Seal("totp", ada, []byte("secret")) {
		t.Error("two seals are equal")
	}
	options := d.options
	options.Key = make([]byte, 32)
	other, err := accounts.New(options)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return d.Open("sso", ada, sealed) },
		"another person":  func() ([]byte, error) { return d.Open("totp", bo, sealed) },
		"another key":     func() ([]byte, error) { return other.Open("totp", ada, sealed) },
		"changed":         func() ([]byte, error) { return d.Open("totp", ada, "A"+sealed[1:]) },
		"cut off":         func() ([]byte, error) { return d.Open("totp", ada, sealed[:20]) },
		"nothing":         func() ([]byte, error) { return d.Open("totp", ada, "") },
	} {
		if plain, err := open(); err == nil {
			t.Errorf("%s: opened as %q", name, plain)
		}
	}
}

func TestOptionsThatAreMissing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.StaffSide)
	for name, change := range map[string]func(*accounts.Options){
		"pool": func(o *accounts.Options) { o.Pool = nil }, "clock": func(o *accounts.Options) { o.Now = nil },
		"base": func(o *accounts.Options) { o.Base = nil }, "side": func(o *accounts.Options) { o.Side = "" },
		"key": func(o *accounts.Options) { o.Key = make([]byte, 31) },
	} {
		options := d.options
		change(&options)
		if _, err := accounts.New(options); err == nil {
			t.Errorf("without a %s", name)
		}
	}
}
