package access

import (
	"fmt"
	"strings"

	"effigate/domain"
)

// Markdown gives the table as the documentation shows it: a line per permission, a column per role, and
// below it what the cells mean.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| Permission | Scope of a key |")
	for _, role := range Roles() {
		fmt.Fprintf(&b, " %s |", titles[role])
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(Roles())) + "\n")
	for _, rule := range Rules() {
		fmt.Fprintf(&b, "| %s | `%s` |", rule.title(), rule.Permission)
		for _, role := range Roles() {
			fmt.Fprintf(&b, " %s |", rule.cell(role))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n" + legend + "\n")
	return b.String()
}

const legend = `✔ all · – none · *own*: what the person wrote, raised or is · *own clients*: those whose account manager the
person is · *organisation*: everything of the client user's organisation · a name in code: of the
organisation, while the person holds that grant · ro: reads only · †: after a fresh proof of identity, and
never by an API key.`

// titles are the roles in the words of the documentation.
var titles = map[domain.Role]string{
	domain.Owner: "Owner", domain.AccountManager: "Account Manager", domain.Delivery: "Delivery", domain.Engineer: "Engineer",
	domain.Support: "Support", domain.Finance: "Finance", domain.Auditor: "Auditor", domain.Ops: "Ops",
	domain.ClientAdmin: "Client Admin", domain.ClientEmployee: "Client Employee",
}

func (r Rule) title() string {
	title := r.Title
	if !r.Write {
		title += " (ro)"
	}
	if r.StepUp {
		title += " †"
	}
	return title
}

func (r Rule) cell(role domain.Role) string {
	switch scope := r.Roles[role]; scope {
	case Nothing:
		return "–"
	case All:
		return "✔"
	case Granted:
		return "`" + string(r.Grant) + "`"
	case Own, OwnClients, Organisation:
		return string(scope)
	default:
		return "?"
	}
}
