"""How questions ask for a kind of thing, and what shows such a thing, by language."""

from typing import NamedTuple


class Spoken(NamedTuple):
    """A language's words; each pattern of a question finds that it asks for such a thing."""

    asks_price: str
    asks_measure: str
    asks_amount: str
    asks_time: str
    asks_name: str
    free: str
    """What says of a price that it is none, or stands for one."""
    prices: str
    """Words that make a number a price."""
    measures: str
    """What tells a measure, a duration or how often without a number."""
    times: str
    """What tells a time without a number: a part of the day, a season, an event that it hangs on."""
    people: str
    """Who may do something: roles, bodies, whoever is spoken to."""
    by: str
    """What stands before who does something."""


CURRENCY = (
    r"[$€£¥₹₽₩₺₫]|\d\s?(?:,-|,–|.-|ct\b|p\b|%)|(?<!\w)(?:euros?|dollars?|pounds?|quid|fivers?|tenners?|cents?|pence|penny"
    r"|pennies|francs?|franken|fr\.|rappen|yen|yuan|rupees?|pesos?|pesetas?|reais|lir[ae]|kron(?:er|or|en|e)|crowns"
    r"|marks|mark|rubles?|roubles?|gulden|guilders?|shillings?|centimes?|centesimi|centavos?|céntimos?|cêntimos?"
    r"|(?:usd|eur|gbp|chf|jpy|sek|dkk|nok|pln)\d*|per ?cent|prozent|pour cent|por ciento|por cento|per cento|procent"
    r"|(?:m|b|tr)illions?|milliard\w*|millionen)(?!\w)"
)

SPOKEN = {
    "en": Spoken(
        asks_price=r"how expensive|how much (?:is|are|was|were|do|does|did|will|would|must|should)\b.*\b(?:cost|pay"
        "|charged?|earn)|what (?:do|does|did|will|would|can|might) .+ cost|(?:what|how high) (?:is|are|was"
        r"|were) (?:(?:the|its|their|your|our) )?(?:\w+ ){0,2}(?:prices?|costs?|fees?|fares?|rent|charge|salary|wage"
        "|deposit)",
        asks_measure=r"how (?:long|tall|high|heavy|wide|deep|thick|fast|far|old|big|large|often) (?:\w+ )?(?:is|are"
        "|was|were|do|does|did|will|would|can|could|must|should|may|has|have|had)|(?:what|which) (?:is|are|was"
        r"|were) (?:the|its|their) (?:\w+ ){0,2}(?:length|height|width|weight|depth|duration|distance|temperature"
        "|speed|diameter|voltage|age)(?= of)",
        asks_amount="how much (?:is|are|was|were)",
        asks_time="when (?:is|are|was|were|do|does|did|will|would|can|could|must|should|may|has|have|had)|(?:what"
        "|which) (?:year|date|day|month|century|decade) (?:is|are|was|were|do|does|did|will|has|have|had)|(?:what"
        "|which) time (?:is|are|was|were|do|does|did|will|can|must|should)|what (?:is|was|are"
        "|were) the (?:opening hours|date|deadline)",
        asks_name="who(?:m|se)?",
        free="free|nothing|no (?:charge|cost|costs|fee|fees|extra)|without (?:charge|cost|payment|paying)|gratis"
        "|complimentary|included?|includes|inclusive|donations?|half|double|twice|at cost|costless|priceless|waived"
        r"|negotiable|on request|reduced|discount\w*|none|covered?|covers",
        prices=r"costs?|pric\w+|fees?|fares?|rents?|pay\w*|paid|charg\w*|salar\w+|wages?|sold|sells?|buy|bought|worth"
        r"|rates?|amount\w*|deposits?|fine|bill\w*|spen[dt]\w*|budget|money|value\w*|tuition|earn\w*|financ\w*|fund\w*",
        measures=r"single|an?(?: \w+)? (?:second|minute|hour|day|night|week|fortnight|month|season|year|decade|century"
        "|generation|metre|meter|mile|foot|inch|yard|kilo|ton|tonne|litre|liter|pound|gallon|pint|third|quarter|few"
        "|couple|little|bit|lot|dozen|fraction|majority)s?|none|nothing|no|all|half|most|some|much|more|less|fewer"
        r"|many|several|enough|few|little|(?:as|so) \w+ as|\w+er than|size|sized|twice|double[ds]?|triple[ds]?|times"
        r"|until|till|throughout|during|whole|entire\w*|over ?night|permanent\w*|forever|indefinite\w*|life\w*"
        r"|unlimited|limit\w*|brief|short\w*|long\w*|always|never|every|each|per|dail\w+|weekl\w+|monthl\w+|yearl\w+"
        r"|hourl\w+|annual\w*|nightl\w+|regular\w*|frequent\w*|often|rare\w*|occasional\w*|seldom|constant\w*"
        r"|continu\w+|immediate\w*|instant\w*|at once|same|equal\w*|max\w*|min\w*|increas\w+|decreas\w+|vari\w+"
        r"|depend\w*|percent\w*|fortnight\w*|centur\w+|decades?|years?|months?|weeks?|days?|hours?|minutes?|seconds?"
        r"|generations?|since|from|between|large\w*|big\w*|small\w*|huge|tiny|high\w*|tall\w*|deep\w*|wide\w*|heav\w+"
        r"|far|near\w*|adjacent|next|old\w*|young\w*|born|aged?|adults?|child\w*|fast\w*|slow\w*|quick\w*|(?:kilo"
        r"|centi|milli)?(?:met(?:er|re)|gram)s?|feet|foot|inch\w*|miles?",
        times=r"noon|midday|midnight|morning\w*|afternoon\w*|evening\w*|nights?|nightly|days?|daily|dawn|dusk"
        r"|sun(?:rise|set)|hours?|hourly|o['’]?clock|weeks?|weekly|week(?:end|day)s?|fortnight\w*|months?|monthly"
        r"|years?|yearly|annual\w*|quarter\w*|decades?|centur\w+|millenni\w+|spring\w*|summer\w*|autumn\w*|fall"
        r"|winter\w*|seasons?|easter|christmas|holidays?|today|tomorrow|yesterday|tonight|now|nowadays|current\w*"
        r"|recent\w*|always|never|any ?time|when|whenever|until|till|before|after\w*|during|while|since|once|if|unless"
        r"|upon|as soon|soon\w*|immediate\w*|at once|instant\w*|later|latest|late|early|earl\w+|first|last|next|prior"
        r"|previous\w*|following|follow\w*|then|throughout|regular\w*|every|each|permanent\w*|times?|date[ds]?|dates"
        r"|period\w*|eras?|epoch\w*|age|ages|reign\w*|war|wars|beginning|begin|began|start of|end|ends|ended|ending"
        r"|birth|born|death|on arrival|on request|appointment\w*|arrangement|ancient|medieval|modern|original\w*|ago"
        r"|already|still|yet|in advance|lunch\w*|dinner\w*|breakfast\w*|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
        r"|(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?|revolution\w*|ice"
        r"|restoration|renaissance|dynast\w+|cretaceous|jurassic",
        people="(?!(?:after|other|over|under|ever|never|however|whether|either|neither|rather|together|another"
        "|further|later|number|order|water|paper|summer|winter|river|tower|quarter|corner|letter|center|power|or|for"
        "|nor|per|floor|door|major|minor|color|harbor|motor|interior|exterior|computer|printer|former|latter|larger"
        "|smaller|higher|lower|upper|longer|shorter|greater|better|cover|offer|proper|cooler|shower|drawer|counter"
        r"|barrier|charger|cellar|timber)s?\b)\w{2,}(?:[eo]rs?|ists?|ians?|smiths?|wrights?|ees)|\w*(?:man|men|woman"
        r"|women|person|people|folk)|agent\w*|agency|agencies|admins?|applicants?|assistants?|association|attendants?"
        r"|aunts?|authorit\w+|board|boss|boys?|girls?|captains?|chair|chefs?|chiefs?|child|children|church|city|clergy"
        r"|clerks?|clients?|clubs?|coach|coaches|committee|compan\w+|congress|consultants?|cooks?|councils?|couples?"
        "|courts?|crew|department|desk|empress|every(?:body|one)|any(?:body|one)|no(?:body| one)|some(?:body|one)"
        r"|experts?|famil\w+|firms?|friends?|gods?|government|groups?|guards?|guests?|heads?|heirs?|hosts?|husband"
        r"|individuals?|institut\w+|judges?|kings?|landlords?|lords?|management|monks?|nation|nobles?|nobility|nuns?"
        r"|nurses?|office|organi[sz]\w+|parents?|parish|parliament|part(?:y|ies)|patients?|peasants?|pilots?|police"
        r"|popes?|president|priests?|princ(?:e|es|ess|ipals?)|public|pupils?|queens?|residents?|royal\w*|schools?"
        r"|secretar\w+|servants?|service|society|sons?|staff|state|students?|teams?|tenants?|trustees?|union"
        r"|university|wardens?|whoever|widow\w*|wife|wives|witness\w*|i|we|you|he|she|they|me|us|him|her|them|our|your"
        "|his|their|one|others?|those|all|both|most|many|only|each|any|none",
        by="by|called|named|under|thanks to|contact",
    ),
    "de": Spoken(
        asks_price=r"was kostet\w*|was kosten|wie ?viel (?:kostet|kosten|kostete|zahlt|bezahlt|muss \w+ zahlen)"
        r"|wie teuer|wie hoch (?:ist|sind|war|waren) .*(?:gebühr|preis|kosten|miete|beitrag|kaution|eintritt)\w*",
        asks_measure="wie (?:lange?|hoch|groß|schwer|alt|weit|tief|breit|dick|schnell|oft) (?:ist|sind|war|waren"
        "|dauert|dauern|dauerte|wird|werden|kann|darf|muss|hat|haben|gilt|bleibt)",
        asks_amount="wie ?viel (?:ist|sind|war|waren|wiegt|fasst|verbraucht)",
        asks_time="(?:ab |bis |seit )?wann(?! immer)|(?:um )?wie viel uhr|welche[mnrs]? (?:tag|jahr|monat|datum"
        "|uhrzeit)",
        asks_name="wer|wem|wen|von wem",
        free=r"kostenlos\w*|kostenfrei\w*|gratis|umsonst|unentgeltlich\w*|frei\w*|gebührenfrei\w*|inklusive"
        r"|inbegriffen|enthalten|nichts|ohne|spende\w*|hälfte|halb\w*|doppelt\w*|keine?|auf anfrage|ermäßigt\w*"
        "|übernimmt",
        prices=r"\w*(?:kost|preis|gebühr|miet|beitr|zahl|kauf|entgelt|betr[aä]g|pauschal|eintritt|kaution|wert|lohn"
        r"|geld)\w*",
        measures=r"ein\w*|halb\w*|bis|ab|von|seit|während|ganz\w*|gesamt\w*|immer|nie|jede[nrsm]?|je|pro|täglich\w*"
        r"|wöchentlich\w*|monatlich\w*|jährlich\w*|stündlich\w*|regelmäßig\w*|oft|selten|sofort|unbegrenzt"
        r"|unbefristet\w*|dauerhaft\w*|lebens\w*|so \w+ wie|als|größe\w*|groß\w*|klein\w*|hoch|höhe\w*|lang\w*|kurz\w*"
        r"|mindest\w*|höchst\w*|maxim\w*|minim\w*|mehr\w*|wenig\w*|doppelt\w*|mal|\w*(?:jahr|monat|woche|tag|stund"
        r"|minut|sekund|nacht)\w*|übernacht\w*|fuß|meter\w*",
        times=r"\w*(?:mittag|mitternacht|morgen|abend|nacht|tag|stund|uhr|woche|monat|jahr|quartal|zeit|saison"
        r"|frühling|frühjahr|sommer|herbst|winter|ostern|weihnacht|ferien|täglich|wöchentlich|monatlich|jährlich)\w*"
        "|heute|gestern|jetzt|immer|nie|jederzeit|wenn|sobald|bis|bevor|vor|nach|nachdem|ab|seit|während|bei|beim"
        r"|sofort|umgehend|gleich|früh\w*|spät\w*|erst\w*|letzt\w*|nächst\w*|danach|dann|anfang\w*|ende\w*|beginn\w*"
        r"|jede[nrsm]?|vereinbarung|rund um|durchgehend|regelmäßig\w*|termin\w*|falls|sofern|montags|dienstags"
        r"|mittwochs|(?:mo|di|mi|do|fr|sa|so)\.?",
        people=r"wir|uns|unser\w*|ihr|ihre|ich|sie|er|man|jeder|jede|alle|niemand|jemand|beide|die|keiner",
        by="von|vom|durch|bei",
    ),
    "fr": Spoken(
        asks_price="combien (?:coûte|coûtent|coûtait|vaut|valent|paie|faut-il payer|doit-on payer)"
        "|quel(?:le)?s? (?:est|sont|était) (?:le |la |les )?(?:prix|tarifs?|coût|loyer|montant|redevance|caution)"
        "|à quel prix",
        asks_measure="combien (?:de temps|pèse|mesure|dure)|quelle (?:est|était) (?:la |l['’])?(?:longueur|hauteur"
        "|largeur|taille|profondeur|durée|distance|superficie|température|vitesse|épaisseur)|quel (?:âge"
        "|est le (?:poids|diamètre))",
        asks_amount="combien(?! d[e'’])",
        asks_time="(?:depuis |à partir de |jusqu['’]à )?quand(?! même)|(?:à |en )?quel(?:le)? (?:heure|jour|année"
        "|date|mois)",
        asks_name="qui|par qui|à qui|de qui",
        free=r"gratuit\w*|gratis|offert\w*|compris\w*|inclus\w*|rien|sans|aucun\w*|moitié|demi\w*|double|don|dons"
        r"|réduit\w*|sur demande",
        prices=r"coût\w*|prix|tarifs?|pa[iy]\w*|loyers?|montant|revient|vend\w*|vaut|valent|frais|redevance|caution"
        r"|somme|argent|factur\w*",
        measures=r"une?|demie?s?|jusqu\w*|depuis|pendant|durant|tout\w*|toujours|jamais|chaque|par|plus|moins|aussi"
        r"|autant|dès|entre|ans?|années?|mois|semaines?|jours?|heures?|minutes?|secondes?|nuits?|vie|illimité\w*"
        r"|indéterminé\w*|quotidien\w*|hebdomadaire\w*|mensuel\w*|annuel\w*|régulier\w*|souvent|rarement|immédiat\w*"
        r"|taille|grand\w*|petit\w*|haut\w*|long\w*|court\w*|maxim\w*|minim\w*|fois|mètres?",
        times=r"midi|minuit|matin\w*|après|soir\w*|nuits?|jours?|journée|heures?|semaines?|week-ends?|mois|années?"
        r"|ans?|siècles?|printemps|été|automne|hiver|saison\w*|pâques|noël|vacances|aujourd\w*|demain|hier|maintenant"
        r"|toujours|jamais|quand|lorsqu\w*|dès|avant|pendant|durant|depuis|jusqu\w*|si|aussitôt|immédiat\w*|tôt|tard"
        r"|premi\w+|derni\w+|prochain\w*|ensuite|puis|début|fin|chaque|quotidien\w*|hebdomadaire\w*|mensuel\w*"
        r"|annuel\w*|régulier\w*|rendez-vous|date\w*|époque|guerre|règne|temps|récemment|actuel\w*",
        people=r"\w+(?:eurs?|euses?|trices?|istes?|iens?|iennes?|aires?|ants?|antes?|iers?|ières?)|nous|on|vous|ils?"
        r"|elles?|maire|mairie|ville|équipe|comité|conseil|société|entreprise|association|famille|personne\w*|gens"
        r"|élèves?|parents?|roi|reine|chef\w*|membres?|état|police|tous|chacun\w*|prêtres?|médecins?|amis?|hommes?"
        "|femmes?|enfants?|notre|votre",
        by="par|chez|grâce",
    ),
    "es": Spoken(
        asks_price="(?:cuánto|qué) (?:cuesta|cuestan|costó|costaba|vale|valen)|cuál (?:es|era) el (?:precio|coste"
        "|costo|importe)|qué precio",
        asks_measure="cuánto (?:tiempo|mide|miden|pesa|pesan|dura|duran|duró)|(?:qué|cuál (?:es|era) la) (?:longitud"
        "|altura|anchura|profundidad|duración|distancia|edad|temperatura)",
        asks_amount="cuánto",
        asks_time="(?:desde |hasta )?cuándo|(?:a |en |hasta |desde )?qué (?:hora|día|fecha|año|mes)",
        asks_name="(?:por |a |de )?quién(?:es)?",
        free=r"gratis|gratuit\w*|incluid\w*|incluye\w*|nada|sin|ningún|ningun\w*|mitad|medio|doble|donativo\w*"
        r"|donación|libre|reducid\w*|a consultar",
        prices=r"cuest\w*|cost\w*|preci\w*|pag\w*|tarifas?|alquiler\w*|importe|vale\w*|vend\w*|cobr\w*|tasas?|fianza"
        "|cuotas?|dinero",
        measures="un|una|uno|medi[oa]s?|hasta|desde|durante|entre|tod[oa]s?|siempre|nunca|cada|por|más|menos|tan"
        r"|tanto|como|años?|mes|meses|semanas?|días?|horas?|minutos?|segundos?|noches?|vida|ilimitad\w*|indefinid\w*"
        r"|diari\w*|semanal\w*|mensual\w*|anual\w*|regular\w*|menudo|inmediat\w*|tamaño|grande\w*|pequeñ\w*|alt\w*"
        r"|larg\w*|cort\w*|máxim\w*|mínim\w*|veces|vez|metros?",
        times="mediodía|medianoche|mañanas?|tardes?|noches?|días?|horas?|semanas?|fines?|mes|meses|años?|siglos?"
        "|primavera|verano|otoño|invierno|temporada|pascua|navidad|vacaciones|hoy|mañana|ayer|ahora|siempre|nunca"
        r"|cuando|antes|después|tras|durante|mientras|desde|hasta|si|inmediat\w*|pronto|tarde|temprano|primer\w*"
        r"|últim\w*|próxim\w*|luego|principios?|finales|final|cada|diari\w*|semanal\w*|mensual\w*|anual\w*|regular\w*"
        r"|cita|fecha\w*|época|guerra|reinado|tiempo|recient\w*|actual\w*|la una|las \w+",
        people=r"\w+(?:ores?|oras?|istas?|eros?|eras?|antes?|entes?|arios?|arias?|ados?|ianos?)|nosotros|usted\w*"
        r"|ellos|ellas|él|alcalde\w*|ayuntamiento|ciudad|equipo|comité|consejo|sociedad|empresas?|asociación|familia"
        r"|personas?|gente|alumn\w+|padres?|madres?|rey\w*|reina|jefe\w*|miembros?|soci[oa]s?|estado|policía|todos"
        r"|cada|médicos?|amigos?|hombres?|mujer\w*|niños?|nuestr\w*|personal|dirección|grupo|viuda",
        by=r"por|llama\w*|gracias",
    ),
    "it": Spoken(
        asks_price="(?:quanto|cosa) (?:costa|costano|costava|costò)|qual (?:è|era) il (?:prezzo|costo|canone)"
        "|a che prezzo",
        asks_measure="quanto (?:tempo|dura|durano|misura|misurano|pesa|pesano)|quanto è (?:lung|alt|larg|grande"
        r"|pesante|vecchi)\w*|quant['’]è \w+|qual (?:è|era) (?:la |l['’])(?:lunghezza|altezza|larghezza|profondità"
        "|durata|distanza|età|temperatura)",
        asks_amount="quanto(?! (?:è|segue))",
        asks_time="(?:da |fino a |per )?quando|(?:a |in )?(?:che|quale) (?:ora|giorno|data|anno|mese)",
        asks_name="(?:da |a |di )?chi",
        free=r"gratis|gratuit\w*|inclus\w*|compres\w*|niente|nulla|senza|nessun\w*|metà|mezz\w*|doppi\w*|offert\w*"
        r"|liber\w*|ridott\w*|su richiesta|omaggio",
        prices=r"cost\w*|prezz\w*|pag\w*|tariff\w*|affitt\w*|import\w*|vale|valgono|vend\w*|quot[ae]|canone|cauzione"
        r"|denaro|spes\w*",
        measures=r"un|una|uno|un['’]\w+|mezz\w*|fino|da|dal|durante|tra|fra|tutt\w*|sempre|mai|ogni|per|più|meno|tanto"
        r"|come|quanto|ann[oi]|mes[ei]|settiman\w*|giorn\w*|or[ae]|minut\w*|second\w*|nott[ei]|vita|illimitat\w*"
        r"|indeterminat\w*|quotidian\w*|settimanal\w*|mensil\w*|annual\w*|regolar\w*|spesso|subito|grand\w*|piccol\w*"
        r"|alt\w*|lung\w*|cort\w*|massim\w*|minim\w*|volt[ae]|metr[oi]",
        times=r"mezzogiorno|mezzanotte|mattin\w*|pomerigg\w*|ser[ae]|serale|nott[ei]|giorn\w*|or[ae]|settiman\w*"
        r"|mes[ei]|ann[oi]|secol[oi]|primavera|estat\w*|autunno|inverno|stagion\w*|pasqua|natale|vacanz\w*|oggi|domani"
        "|ieri|adesso|ora|sempre|mai|quando|prima|dopo|durante|mentre|dal?|fino|se|subito|presto|tardi|prim[oi]"
        r"|ultim\w*|prossim\w*|poi|inizio|fine|ogni|quotidian\w*|settimanal\w*|mensil\w*|annual\w*|regolar\w*"
        r"|appuntamento|dat[ae]|epoca|guerra|regno|tempo|recent\w*|attual\w*|entro|all['’]una|alle \w+",
        people=r"\w+(?:or[ei]|tric[ei]|ist[ai]|ier[ei]|ant[ei]|ent[ei]|ari[oi]?|ian[oi])|noi|voi|loro|egli|lui|lei"
        r"|sindac\w*|comune|città|squadra|comitato|consiglio|società|aziend\w*|ditta|associazione|famiglia|person\w*"
        r"|gente|alliev\w*|alunn\w*|padre|madre|re|regina|capo|membr\w*|soci\w*|stato|polizia|tutti|ognuno|chiunque"
        r"|medic\w*|amic\w*|uomin\w*|uomo|donn\w*|bambin\w*|nostr\w*|gruppo|vedova",
        by=r"da|dal|dalla|dai|dalle|dallo|dagli|dall['’]\w+|chiama\w*|grazie",
    ),
    "pt": Spoken(
        asks_price="(?:quanto|o que) (?:custa|custam|custou|custava)|qual (?:é |era )?(?:o )?(?:preço|custo"
        "|valor da entrada)|a que preço",
        asks_measure="quanto (?:tempo|dura|duram|durou|mede|medem|pesa|pesam)|qual (?:é |era )?(?:a )?(?:altura"
        "|largura|profundidade|duração|distância|idade|temperatura)",
        asks_amount="quanto(?! (?:à|ao))",
        asks_time="(?:desde |até )?quando|(?:a |em |até )?que (?:horas?|dia|data|ano|mês)",
        asks_name="(?:por |a |de )?quem",
        free=r"grátis|gratuit\w*|de graça|incluíd\w*|inclui|nada|sem|nenhum\w*|metade|mei[oa]|dobro|livre|oferecid\w*"
        r"|reduzid\w*|sob consulta|donativo\w*",
        prices=r"cust\w*|preç\w*|pag\w*|tarifas?|alugue\w*|valor|vale\w*|vend\w*|cobr\w*|taxas?|caução|quotas?"
        "|dinheiro|mensalidade",
        measures="um|uma|mei[oa]|até|desde|durante|entre|tod[oa]s?|sempre|nunca|cada|por|mais|menos|tão|tanto|como"
        r"|anos?|mês|meses|semanas?|dias?|horas?|minutos?|segundos?|noites?|vida|ilimitad\w*|indeterminad\w*|diári\w*"
        r"|semana\w*|mensa\w*|anua\w*|regular\w*|imediat\w*|tamanho|grande\w*|pequen\w*|alt\w*|long\w*|curt\w*"
        r"|máxim\w*|mínim\w*|vezes|vez|metros?",
        times=r"meio-dia|meia-noite|manhãs?|tardes?|noites?|dias?|horas?|semana\w*|mês|meses|anos?|séculos?|primavera"
        "|verão|outono|inverno|época|páscoa|natal|férias|hoje|amanhã|ontem|agora|sempre|nunca|quando|antes|depois"
        r"|após|durante|enquanto|desde|até|se|imediat\w*|logo|cedo|tarde|primeir\w*|últim\w*|próxim\w*|início|fim"
        r"|final|cada|diári\w*|mensa\w*|anua\w*|regular\w*|marcação|data\w*|guerra|reinado|tempo|recent\w*|atua\w*"
        r"|à uma|às \w+",
        people=r"\w+(?:ores?|oras?|istas?|eiros?|eiras?|antes?|entes?|ários?|árias?|ianos?)|nós|vocês?|eles|elas|ele"
        "|ela|presidente|câmara|cidade|equipa|equipe|comissão|conselho|sociedade|empresas?|associação|família"
        r"|pessoas?|gente|alun\w+|pais|mãe|pai|rei|rainha|chefe\w*|membros?|sóci\w*|estado|polícia|todos|médic\w*"
        r"|amig\w*|homens?|homem|mulher\w*|crianças?|noss\w*|pessoal|direção|grupo|viúva",
        by=r"por|pel[oa]s?|chama\w*|graças",
    ),
    "nl": Spoken(
        asks_price="(?:hoeveel|wat) (?:kost|kosten|kostte)|wat is de (?:prijs|huur)|hoe duur",
        asks_measure="hoe (?:lang|hoog|groot|zwaar|oud|ver|diep|breed|dik|snel|vaak) (?:is|zijn|was|waren|duurt|duren"
        "|duurde|wordt|worden|kan|mag|moet|blijft)",
        asks_amount="hoeveel (?:is|zijn|weegt|bedraagt|verbruikt)",
        asks_time="(?:sinds |tot |vanaf )?wanneer|hoe laat|(?:op )?welke? (?:dag|datum|jaar|maand)",
        asks_name="(?:door |van )?wie",
        free=r"gratis|kosteloos|vrij|inbegrepen|inclusief|niets|geen|zonder|helft|half|halve|dubbel\w*|gift"
        "|op aanvraag|korting",
        prices=r"\w*(?:kost|prijs|prijz|huur|betaal|betal|tarie|bedrag|verko|waard|borg|geld|bijdrage)\w*",
        measures=r"een|één|half|halve|tot|sinds|vanaf|van|tijdens|hele|heel|alle|altijd|nooit|elke?|ieder\w*|per|meer"
        r"|minder|zo \w+|als|dan|\w*(?:jaar|jaren|maand|week|weken|dag|uur|uren|minu|seconde|nacht)\w*|leven\w*"
        r"|onbeperkt\w*|dagelijks\w*|wekelijks\w*|maandelijks\w*|jaarlijks\w*|regelmatig\w*|vaak|meteen|groot\w*|grote"
        r"|klein\w*|hoog|hoge|lang\w*|kort\w*|max\w*|min\w*|keer|maal|meter\w*|voet",
        times=r"\w*(?:middag|middernacht|ochtend|morgen|avond|nacht|dag|uur|week|weken|maand|jaar|eeuw|seizoen|lente"
        r"|voorjaar|zomer|herfst|najaar|winter|pasen|kerst|vakantie|lijks)\w*|vandaag|gisteren|nu|altijd|nooit|als"
        r"|wanneer|voor|na|nadat|voordat|tijdens|terwijl|sinds|tot|vanaf|zodra|meteen|direct|vroeg\w*|laat\w*|eerst\w*"
        r"|volgend\w*|dan|begin\w*|eind\w*|elke?|ieder\w*|regelmatig\w*|afspraak|datum|tijd\w*|oorlog|recent\w*|tien"
        r"|om \w+",
        people=r"\w+(?:ers|aars?|istes?|isten|ist|eurs?|euren|enaar)|wij|we|ons|onze|jij|je|u|hij|zij|ze|iedereen"
        "|niemand|iemand|burgemeester|gemeente|stad|team|comité|raad|bedrijf|vereniging|stichting|familie|persoon"
        r"|personen|mensen|leerling\w*|ouders?|koning\w*|chef|hoofd|leden|lid|staat|politie|allen|alle|arts|vriend\w*"
        r"|man|mannen|vrouw\w*|kind\w*|groep|bestuur|personeel|weduwe|vrijwilliger\w*|leid(?:er|ing)\w*",
        by="door|heet|heten|bij|dankzij",
    ),
}
