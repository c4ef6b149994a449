package accounts_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/accounts"
)

// authenticator is one in software, in a browser: it holds one discoverable ES256 credential. Tests change
// its fields to make it misbehave.
type authenticator struct {
	desk       *desk
	origin     string
	rpID       string
	verifies   bool   // the user, by finger or PIN
	counts     bool   // its uses
	challenge  string // in place of the one asked for
	crossed    bool   // asked by a page in a frame of another origin
	uses       uint32
	credential []byte
	handle     []byte
	private    *ecdsa.PrivateKey
}

func newKey(d *desk) *authenticator {
	d.tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		d.tb.Fatal(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &authenticator{
		desk: d, origin: d.base.String(), rpID: d.base.Hostname(), verifies: true, counts: true, credential: id, private: private,
	}
}

// asked is what the page is given for navigator.credentials, as far as an authenticator needs it.
type asked struct {
	PublicKey struct {
		Challenge        string `json:"challenge"`
		RPID             string `json:"rpId"`
		UserVerification string `json:"userVerification"`
		RP               struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		Selection struct {
			ResidentKey      string `json:"residentKey"`
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		Exclude []struct {
			ID string `json:"id"`
		} `json:"excludeCredentials"`
	} `json:"publicKey"`
}

func (a *authenticator) read(options []byte) asked {
	a.desk.tb.Helper()
	var o asked
	if err := json.Unmarshal(options, &o); err != nil {
		a.desk.tb.Fatal(err)
	}
	return o
}

var encode = base64.RawURLEncoding.EncodeToString

// create answers navigator.credentials.create.
func (a *authenticator) create(options []byte) []byte {
	a.desk.tb.Helper()
	o := a.read(options)
	if o.PublicKey.RP.ID != a.rpID || o.PublicKey.Selection.ResidentKey != "required" || o.PublicKey.Selection.UserVerification != "required" {
		a.desk.tb.Errorf("options %s", options)
	}
	var err error
	if a.handle, err = base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID); err != nil || len(a.handle) != 64 {
		a.desk.tb.Errorf("user handle %q: %v", o.PublicKey.User.ID, err)
	}
	point, err := a.private.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		a.desk.tb.Fatal(err)
	}
	key := a.cbor(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	data := a.data(0x40)
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.credential)))
	data = append(append(data, a.credential...), key...)
	return a.answer(map[string]any{
		"clientDataJSON":    encode(a.clientData("webauthn.create", o.PublicKey.Challenge)),
		"attestationObject": encode(a.cbor(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})),
	})
}

// get answers navigator.credentials.get.
func (a *authenticator) get(options []byte) []byte {
	a.desk.tb.Helper()
	o := a.read(options)
	if o.PublicKey.RPID != a.rpID || o.PublicKey.UserVerification != "required" {
		a.desk.tb.Errorf("options %s", options)
	}
	if a.counts {
		a.uses++
	}
	data, clientData := a.data(0), a.clientData("webauthn.get", o.PublicKey.Challenge)
	hash := sha256.Sum256(clientData)
	digest := sha256.Sum256(append(slices.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.private, digest[:])
	if err != nil {
		a.desk.tb.Fatal(err)
	}
	return a.answer(map[string]any{
		"clientDataJSON": encode(clientData), "authenticatorData": encode(data), "signature": encode(signature), "userHandle": encode(a.handle),
	})
}

// data is the authenticator data up to the count.
func (a *authenticator) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(a.rpID))
	flags |= 0x01 // The user is present.
	if a.verifies {
		flags |= 0x04
	}
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.uses)
}

func (a *authenticator) clientData(kind, challenge string) []byte {
	if a.challenge != "" {
		challenge = a.challenge
	}
	return a.json(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": a.crossed})
}

func (a *authenticator) answer(response map[string]any) []byte {
	return a.json(map[string]any{
		"id": encode(a.credential), "rawId": encode(a.credential), "type": "public-key",
		"response": response, "clientExtensionResults": map[string]any{},
	})
}

func (a *authenticator) json(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		a.desk.tb.Fatal(err)
	}
	return text
}

func (a *authenticator) cbor(v any) []byte {
	coded, err := webauthncbor.Marshal(v)
	if err != nil {
		a.desk.tb.Fatal(err)
	}
	return coded
}

// register registers the authenticator's passkey for a person.
func (d *desk) register(person domain.PersonID, key *authenticator) uuid.UUID {
	d.tb.Helper()
	before, err := d.Factors(d.tb.Context(), person)
	if err != nil {
		d.tb.Fatal(err)
	}
	options, state, err := d.BeginPasskey(d.tb.Context(), person)
	if err != nil {
		d.tb.Fatal(err)
	}
	if len(state) > 2048 {
		d.tb.Errorf("the state has %d bytes", len(state))
	}
	if err := d.FinishPasskey(d.tb.Context(), person, state, "A key", key.create(options)); err != nil {
		d.tb.Fatalf("register a passkey: %v", err)
	}
	after, err := d.Factors(d.tb.Context(), person)
	if err != nil {
		d.tb.Fatal(err)
	}
	for _, held := range after.Passkeys {
		if !slices.Contains(before.Passkeys, held) {
			return held.ID
		}
	}
	d.tb.Fatal("the passkey is not listed")
	return uuid.Nil
}

func (d *desk) loginBy(key *authenticator) (accounts.Begun, error) {
	d.tb.Helper()
	options, state, err := d.BeginPasskeyLogin(d.tb.Context())
	if err != nil {
		d.tb.Fatal(err)
	}
	return d.FinishPasskeyLogin(d.tb.Context(), state, key.get(options), browser)
}

func TestPasskeyIsAFullLogin(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.setRules(accounts.Rules{SecondFactor: true})
		session := d.invited("ada@acme.example")
		key := newKey(d)
		d.register(session.Person, key)
		d.pass(time.Minute)
		login, err := d.loginBy(key)
		if err != nil {
			t.Fatal(err)
		}
		if login.Person != session.Person || login.Client != d.client || login.Stage != accounts.StageFull || !login.SecondFactor || login.Method != "passkey" {
			t.Errorf("got %+v", login)
		}
		if _, err := d.Session(t.Context(), login.Token); err != nil {
			t.Error(err)
		}
		factors, err := d.Factors(t.Context(), session.Person)
		if err != nil || len(factors.Passkeys) != 1 {
			t.Fatalf("%+v, %v", factors, err)
		}
		if got := factors.Passkeys[0]; got.Name != "A key" || !got.LastUsedAt.Equal(d.time()) || !got.CreatedAt.Equal(d.time().Add(-time.Minute)) {
			t.Errorf("got %+v", got)
		}
		if password := d.logIn("ada@acme.example"); password.Stage != accounts.StageFactor {
			t.Errorf("stage %q by the password alone, where there is a passkey", password.Stage)
		}
	})
}

func TestPasskeysThatDoNotCountMayBeUsedAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	key := newKey(d)
	key.counts = false // As those that are kept in several places do.
	d.register(d.invited("ada@acme.example").Person, key)
	for range 2 {
		if _, err := d.loginBy(key); err != nil {
			t.Error(err)
		}
	}
}

func TestPasskeyLoginRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(d *desk, key *authenticator){
		"another origin":       func(_ *desk, key *authenticator) { key.origin = "http://localhost.evil.example:8080" },
		"another port":         func(_ *desk, key *authenticator) { key.origin = "http://localhost:9090" },
		"another scheme":       func(_ *desk, key *authenticator) { key.origin = "https://localhost:8080" },
		"a frame elsewhere":    func(_ *desk, key *authenticator) { key.crossed = true },
		"another challenge":    func(_ *desk, key *authenticator) { key.challenge = encode(make([]byte, 32)) },
		"no user verification": func(_ *desk, key *authenticator) { key.verifies = false },
		"another key": func(d *desk, key *authenticator) {
			key.private = newKey(d).private
		},
		"an unknown credential": func(_ *desk, key *authenticator) { key.credential = []byte("unknown credential") },
		"an unknown handle":     func(_ *desk, key *authenticator) { key.handle = make([]byte, 64) },
		"no handle":             func(_ *desk, key *authenticator) { key.handle = nil },
		"the handle of another": func(d *desk, key *authenticator) {
			other := newKey(d)
			d.register(d.invited("bob@acme.example").Person, other)
			key.handle = other.handle
		},
		"the credential of another": func(d *desk, key *authenticator) {
			other := newKey(d)
			d.register(d.invited("bob@acme.example").Person, other)
			key.credential, key.private = other.credential, other.private
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, domain.ClientSide)
			key := newKey(d)
			d.register(d.invited("ada@acme.example").Person, key)
			good := *key
			spoil(d, key)
			begun, err := d.loginBy(key)
			wantError(t, "login", err, accounts.ErrWrong)
			if begun != (accounts.Begun{}) {
				t.Errorf("got %+v", begun)
			}
			if _, err := d.loginBy(&good); err != nil {
				t.Errorf("the right one afterwards: %v", err)
			}
		})
	}
}

func TestPasskeyAnswersHaveTheirEffectOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	session := d.invited("ada@acme.example")
	key := newKey(d)
	key.counts = false // So that nothing but the state can notice.
	d.register(session.Person, key)
	options, state, err := d.BeginPasskeyLogin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer := key.get(options)
	outcomes := make(chan error)
	for range 4 {
		go func() {
			_, err := d.FinishPasskeyLogin(t.Context(), state, answer, browser)
			outcomes <- err
		}()
	}
	begun := 0
	for range 4 {
		if err := <-outcomes; err == nil {
			begun++
		} else if !errors.Is(err, accounts.ErrWrong) {
			t.Error(err)
		}
	}
	if begun != 1 {
		t.Errorf("one answer began %d sessions", begun)
	}
}

func TestStatesAreForTheirPurposePersonAndTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	ada, bob := d.invited("ada@acme.example").Person, d.invited("bob@acme.example").Person
	key := newKey(d)
	d.register(ada, key)
	options, login, err := d.BeginPasskeyLogin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer := key.get(options)
	other := newKey(d)
	creation, registration, err := d.BeginPasskey(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	created := other.create(creation)
	_, err = d.FinishPasskeyLogin(t.Context(), registration, answer, browser)
	wantError(t, "the state of a registration at a login", err, accounts.ErrWrong)
	wantError(t, "the state of a login at a registration", d.FinishPasskey(t.Context(), ada, login, "A key", created), accounts.ErrWrong)
	wantError(t, "the state of another person", d.FinishPasskey(t.Context(), bob, registration, "A key", created), accounts.ErrWrong)
	d.pass(5 * time.Minute)
	_, err = d.FinishPasskeyLogin(t.Context(), login, answer, browser)
	wantError(t, "a login after 5 min", err, accounts.ErrWrong)
	wantError(t, "a registration after 5 min", d.FinishPasskey(t.Context(), ada, registration, "A key", created), accounts.ErrWrong)
}

func TestPasskeyRegistrationRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	ada, bob := d.invited("ada@acme.example").Person, d.invited("bob@acme.example").Person
	taken := newKey(d)
	d.register(bob, taken)
	for name, test := range map[string]struct {
		spoil func(key *authenticator)
		name  string
	}{
		"another origin":          {func(key *authenticator) { key.origin = "https://evil.example" }, "A key"},
		"another challenge":       {func(key *authenticator) { key.challenge = encode(make([]byte, 32)) }, "A key"},
		"no user verification":    {func(key *authenticator) { key.verifies = false }, "A key"},
		"a credential of another": {func(key *authenticator) { key.credential = taken.credential }, "A key"},
		"no name":                 {func(*authenticator) {}, ""},
		"two lines":               {func(*authenticator) {}, "A\nkey"},
	} {
		key := newKey(d)
		test.spoil(key)
		options, state, err := d.BeginPasskey(t.Context(), ada)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, name, d.FinishPasskey(t.Context(), ada, state, test.name, key.create(options)), domain.ErrInvalid)
	}
	if f, err := d.Factors(t.Context(), ada); err != nil || len(f.Passkeys) != 0 {
		t.Errorf("registered: %+v, %v", f, err)
	}
	options, state, err := d.BeginPasskey(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	answer := newKey(d).create(options)
	if err := d.FinishPasskey(t.Context(), ada, state, "A key", answer); err != nil {
		t.Fatal(err)
	}
	wantError(t, "the same answer again", d.FinishPasskey(t.Context(), ada, state, "A key", answer), accounts.ErrWrong)
}

func TestAPersonHasTenPasskeysAtMost(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	person := d.invited("ada@acme.example").Person
	options, state, err := d.BeginPasskey(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	late := newKey(d)
	answer := late.create(options)
	for range 10 {
		d.register(person, newKey(d))
	}
	_, _, err = d.BeginPasskey(t.Context(), person)
	wantError(t, "begin an eleventh", err, domain.ErrConflict)
	wantError(t, "finish an eleventh that was begun", d.FinishPasskey(t.Context(), person, state, "A key", answer), domain.ErrConflict)
}

func TestACopiedPasskeyIsRefusedAndRecorded(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		session := d.invited("ada@acme.example")
		key := newKey(d)
		d.register(session.Person, key)
		thief := *key
		for range 3 {
			if _, err := d.loginBy(key); err != nil {
				t.Fatal(err)
			}
		}
		_, err := d.loginBy(&thief)
		wantError(t, "a count that went back", err, accounts.ErrWrong)
		entries, err := d.Entries(t.Context(), accounts.EntryFilter{Client: d.client, Person: session.Person, Kind: accounts.KindLogin, Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(entries, func(e accounts.Entry) bool {
			return e.Subject == "passkey_copied" && e.Outcome == "refused" && e.Where == browser
		}) {
			t.Errorf("the log has no word of it: %+v", entries)
		}
	})
}

// Two copies that are used at the same moment tell the same count.
func TestOfCopiesThatRaceOneIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	key := newKey(d)
	d.register(d.invited("ada@acme.example").Person, key)
	thief := *key
	login := func(key *authenticator) func() error {
		options, state, err := d.BeginPasskeyLogin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		answer := key.get(options)
		return func() error {
			_, err := d.FinishPasskeyLogin(t.Context(), state, answer, browser)
			return err
		}
	}
	outcomes := d.together(`LOCK TABLE accounts.passkeys IN SHARE MODE`, login(key), login(&thief))
	if (outcomes[0] == nil) == (outcomes[1] == nil) || !errors.Is(errors.Join(outcomes...), accounts.ErrWrong) {
		t.Errorf("got %v", outcomes)
	}
}

func TestPasskeysNeedAHostName(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.base.Host = "127.0.0.1:8080"
	d.restart()
	_, _, err := d.BeginPasskeyLogin(t.Context())
	wantError(t, "login", err, domain.ErrConflict)
	_, err = d.FinishPasskeyLogin(t.Context(), "", nil, browser)
	wantError(t, "finish a login", err, accounts.ErrWrong)
	_, _, err = d.BeginPasskey(t.Context(), d.invited("ada@acme.example").Person)
	wantError(t, "registration", err, domain.ErrConflict)
}

func FuzzFinishPasskeyLogin(f *testing.F) {
	d := newDesk(f, domain.ClientSide)
	key := newKey(d)
	d.register(d.invited("ada@acme.example").Person, key)
	options, state, err := d.BeginPasskeyLogin(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	right := key.get(options)
	f.Add(state, right[:len(right)-1])
	f.Add(state[:len(state)-1], right)
	f.Add("", []byte("{}"))
	f.Add(state, []byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA","userHandle":"AA"}}`))
	for _, spoil := range []func(*authenticator){
		func(a *authenticator) { a.origin = "https://evil.example" },
		func(a *authenticator) { a.verifies = false },
		func(a *authenticator) { a.handle = []byte("somebody") },
	} {
		spoilt := *key
		spoil(&spoilt)
		f.Add(state, spoilt.get(options))
	}
	f.Fuzz(func(t *testing.T, state string, answer []byte) {
		begun, err := d.FinishPasskeyLogin(t.Context(), state, answer, browser)
		if !errors.Is(err, accounts.ErrWrong) || begun != (accounts.Begun{}) {
			t.Errorf("got %+v, %v", begun, err)
		}
	})
}

func FuzzFinishPasskey(f *testing.F) {
	d := newDesk(f, domain.ClientSide)
	person := d.invited("ada@acme.example").Person
	options, state, err := d.BeginPasskey(f.Context(), person)
	if err != nil {
		f.Fatal(err)
	}
	key := newKey(d)
	key.verifies = false
	f.Add(state, "A key", key.create(options))
	f.Add(state, "", []byte("{}"))
	f.Add("", "A key", []byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`))
	f.Fuzz(func(t *testing.T, state, name string, answer []byte) {
		err := d.FinishPasskey(t.Context(), person, state, name, answer)
		if !errors.Is(err, accounts.ErrWrong) && !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
}
