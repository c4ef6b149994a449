package accounts

import (
	"context"
	"slices"
	"strings"

	"effigate/domain"
	"effigate/infra/outside"
)

type rulesRow struct {
	SecondFactor bool
	Domains      []string
	PasswordsOff bool
	Issuer       string
	SSOClient    string   `db:"sso_client"`
	SSODomains   []string `db:"sso_domains"`
	SSOJoin      bool     `db:"sso_join"`
}

// The secret of single sign-on is sealed for purposeSecret, see sso.go.

// maxDomains bounds each of the lists of domains.
const maxDomains = 50

// Rules gives an organisation's rules; the zero Rules when none were set.
func (s *Service) Rules(ctx context.Context, client domain.ClientID) (Rules, error) {
	rows, err := query[rulesRow](ctx, s, "read login rules", `SELECT * FROM accounts.rules($1)`, client.UUID)
	if err != nil || len(rows) == 0 {
		return Rules{Client: client}, err
	}
	row := rows[0]
	rules := Rules{Client: client, SecondFactor: row.SecondFactor, Domains: row.Domains, PasswordsOff: row.PasswordsOff}
	if row.Issuer != "" {
		rules.SSO = &SSO{Issuer: row.Issuer, ClientID: row.SSOClient, Domains: row.SSODomains, Join: row.SSOJoin}
	}
	return rules, nil
}

// admits tells whether an address in its normal form may be invited.
func (r Rules) admits(email string) bool {
	_, host, _ := strings.Cut(email, "@")
	return len(r.Domains) == 0 || slices.Contains(r.Domains, host)
}

// SetRules checks and stores them. An SSO domain that another organisation claims is domain.ErrConflict
// "domain_taken". An empty SSO secret keeps the one that is stored for the same issuer. Sessions that have begun
// go on, but for those without a second factor where that becomes required. Owner only.
func (s *Service) SetRules(ctx context.Context, r Rules) error {
	if err := checkRules(r, s.options.LoopbackProviders); err != nil {
		return err
	}
	sealed := ""
	row := rulesRow{SecondFactor: r.SecondFactor, Domains: tidyDomains(r.Domains), PasswordsOff: r.PasswordsOff, SSODomains: []string{}}
	if r.SSO != nil {
		row.Issuer, row.SSOClient, row.SSOJoin, row.SSODomains = r.SSO.Issuer, r.SSO.ClientID, r.SSO.Join, tidyDomains(r.SSO.Domains)
		if r.SSO.Secret != "" {
			sealed = s.box.seal(purposeSecret, r.Client.UUID, []byte(r.SSO.Secret))
		}
	}
	outcome, err := value[string](ctx, s, "set login rules", `SELECT accounts.set_rules($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.Client.UUID, row.SecondFactor, row.Domains, row.PasswordsOff, row.Issuer, row.SSOClient, sealed, row.SSODomains, row.SSOJoin)
	switch {
	case err != nil:
		return err
	case outcome == "no_secret":
		var check domain.Check
		check.That(false, "sso.secret", "must be given, because none is stored for this issuer")
		return check.Err()
	case outcome == "domain_taken":
		return domain.Refuse(domain.ErrConflict, outcome, "another organisation claims one of these domains for its single sign-on")
	default:
		return refusal(outcome, domain.PersonID{})
	}
}

func checkRules(r Rules, loopback bool) error {
	var check domain.Check
	checkDomains(&check, "domains", r.Domains)
	check.That(!r.PasswordsOff || r.SSO != nil, "passwords_off", "needs single sign-on")
	if r.SSO == nil {
		return check.Err()
	}
	const most = 500
	check.That(isIssuer(r.SSO.Issuer, loopback) && len(r.SSO.Issuer) <= most, "sso.issuer", "must be an https URL")
	check.That(r.SSO.ClientID != "" && len(r.SSO.ClientID) <= most, "sso.client_id", "must be given")
	check.That(len(r.SSO.Secret) <= most, "sso.secret", "must have at most 500 bytes")
	checkDomains(&check, "sso.domains", r.SSO.Domains)
	check.That(len(r.SSO.Domains) > 0, "sso.domains", "must name one at least")
	return check.Err()
}

func checkDomains(check *domain.Check, field string, domains []string) {
	check.That(len(domains) <= maxDomains, field, "must be 50 at most")
	for _, name := range domains {
		check.That(normalDomain(strings.ToLower(strings.TrimSpace(name))), field, "must be domain names such as example.com")
	}
}

// tidyDomains gives domains in lower case, sorted, each once.
func tidyDomains(domains []string) []string {
	tidied := make([]string, 0, len(domains))
	for _, name := range domains {
		tidied = append(tidied, strings.ToLower(strings.TrimSpace(name)))
	}
	slices.Sort(tidied)
	return slices.Compact(tidied)
}

// isIssuer tells whether a text can be the URL of a provider: https or, where that is allowed, http on this machine.
func isIssuer(text string, local bool) bool {
	return outside.IsURL(text, local) && !strings.Contains(text, "?")
}
