package money

import "strings"

// Currency is an ISO 4217 code in capitals, such as "AUD". Its zero value is no currency.
type Currency string

// Valid reports whether c is a currency we accept.
func (c Currency) Valid() bool {
	_, ok := exponents[c]
	return ok
}

// Exponent is the number of decimals of the currency's smallest unit: 0, 2 or 3. It is 0 for a code that
// is not Valid.
func (c Currency) Exponent() int32 { return exponents[c] }

// exponents holds the national currencies in use. Funds, metals, and the two units of account with four
// decimals (CLF, UYW) are not accepted, since nobody is invoiced in them.
var exponents = byExponent(map[int32]string{
	0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF`,
	2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
		COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
		IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR
		MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG
		SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES
		WST XCD XCG YER ZAR ZMW ZWG`,
	3: `BHD IQD JOD KWD LYD OMR TND`,
})

func byExponent(codes map[int32]string) map[Currency]int32 {
	table := map[Currency]int32{}
	for exponent, list := range codes {
		for code := range strings.FieldsSeq(list) {
			table[Currency(code)] = exponent
		}
	}
	return table
}
