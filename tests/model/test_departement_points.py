"""Awkward points of the real world: the official département of each, and why it is that one.

"Official" is the commune's département in INSEE's code (COG); none where there is no commune of a
French département: abroad, the open sea, and the overseas collectivities, which are none.
"""

from typing import Final

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from model.departements import Method, locate
from model.departements.coast import KM_PER_DEGREE
from model.departements.polygons import load_polygons

Point = tuple[str, float, float, str, str]

NOWHERE: Final = ""

ISLANDS: Final[list[Point]] = [
    ("Ré, Saint-Martin", 46.2030, -1.3670, "17", "Charente-Maritime, bridge or not"),
    ("the bridge to Ré, midway", 46.1720, -1.2450, "17", "both of its ends are"),
    ("Oléron, Saint-Pierre", 45.9440, -1.3060, "17", "Charente-Maritime"),
    ("Aix", 46.0130, -1.1740, "17", "a commune of its own"),
    ("Fort Boyard", 45.9997, -1.2139, "17", "commune of Île-d'Aix, in the sea"),
    ("Ouessant, Lampaul", 48.4573, -5.0965, "29", "Finistère"),
    ("Molène", 48.3965, -4.9570, "29", "Finistère"),
    ("Sein", 48.0370, -4.8500, "29", "Finistère"),
    ("Ar-Men, the lighthouse", 48.0506, -4.9981, "29", "commune of Île-de-Sein, 10 km off it"),
    ("Glénan, Saint-Nicolas", 47.7215, -4.0040, "29", "commune of Fouesnant, 15 km off"),
    ("Batz", 48.7440, -4.0100, "29", "Finistère"),
    ("Île Vierge, the lighthouse", 48.6390, -4.5676, "29", "commune of Plouguerneau"),
    ("Bréhat", 48.8470, -3.0000, "22", "Côtes-d'Armor"),
    ("Sept-Îles, aux Moines", 48.8790, -3.4900, "22", "commune of Perros-Guirec"),
    ("Roches-Douvres, the lighthouse", 49.1063, -2.8147, "22", "commune of Bréhat, 30 km off it"),
    ("Belle-Île, Le Palais", 47.3470, -3.1540, "56", "Morbihan"),
    ("Groix", 47.6390, -3.4530, "56", "Morbihan"),
    ("Houat", 47.3920, -2.9560, "56", "Morbihan"),
    ("Hœdic", 47.3400, -2.8780, "56", "Morbihan"),
    ("Île Dumet", 47.4120, -2.6190, "44", "commune of Piriac, Loire-Atlantique"),
    ("Noirmoutier", 47.0000, -2.2480, "85", "Vendée"),
    ("the Gois, midway, under water twice a day", 46.9320, -2.1240, "85", "both of its ends are"),
    ("Yeu, Port-Joinville", 46.7260, -2.3480, "85", "Vendée"),
    (
        "Cordouan, the lighthouse",
        45.5863,
        -1.1733,
        "33",
        "Le Verdon's: Gironde, nearer to 17's Royan",
    ),
    ("Banc d'Arguin", 44.5900, -1.2420, "33", "commune of La Teste-de-Buch"),
    ("Chausey", 48.8710, -1.8230, "50", "commune of Granville, not Brittany nor Jersey"),
    ("Saint-Marcouf, île du Large", 49.4985, -1.1463, "50", "Manche, 7 km off"),
    ("Tatihou", 49.5890, -1.2420, "50", "commune of Saint-Vaast-la-Hougue"),
    ("the Mont-Saint-Michel", 48.6360, -1.5115, "50", "Normandy's, whatever Bretons say"),
    ("Cézembre", 48.6770, -2.0720, "35", "commune of Saint-Malo"),
    ("Château d'If", 43.2799, 5.3257, "13", "commune of Marseille"),
    ("Planier, the lighthouse", 43.1986, 5.2300, "13", "commune of Marseille, 8 km off"),
    ("Porquerolles", 43.0010, 6.2030, "83", "commune of Hyères"),
    ("Port-Cros", 43.0080, 6.3830, "83", "commune of Hyères"),
    ("Le Levant", 43.0160, 6.4400, "83", "commune of Hyères"),
    ("Sainte-Marguerite", 43.5200, 7.0480, "06", "commune of Cannes"),
]

CORSICA: Final[list[Point]] = [
    ("Ajaccio, the port", 41.9190, 8.7420, "2A", "Corse-du-Sud's préfecture"),
    ("Bonifacio", 41.3870, 9.1590, "2A", "Corse-du-Sud"),
    ("Piana", 42.2390, 8.6370, "2A", "the last commune but one before 2B in the west"),
    ("Galéria", 42.4100, 8.6490, "2B", "the first of 2B in the west"),
    ("Solenzara", 41.8560, 9.4000, "2A", "the river Solenzara is the limit; the town stands south"),
    ("Ghisonaccia", 42.0160, 9.4050, "2B", "north of it"),
    ("Calvi, the citadel", 42.5690, 8.7600, "2B", "Haute-Corse"),
    ("Lavezzi", 41.3400, 9.2540, "2A", "commune of Bonifacio, the southernmost of the mainland's"),
    ("Cerbicale", 41.5590, 9.3620, "2A", "commune of Porto-Vecchio"),
    ("Sanguinaires", 41.8790, 8.5940, "2A", "commune of Ajaccio"),
    ("Giraglia", 43.0270, 9.4060, "2B", "commune of Ersa, off Cap Corse"),
]

OVERSEAS: Final[list[Point]] = [
    ("Basse-Terre", 15.9980, -61.7290, "971", "Guadeloupe's préfecture"),
    ("Les Saintes, Terre-de-Haut", 15.8660, -61.5830, "971", "communes of Guadeloupe"),
    ("Marie-Galante", 15.8830, -61.3150, "971", "communes of Guadeloupe"),
    ("La Désirade", 16.3040, -61.0760, "971", "a commune of Guadeloupe"),
    ("Petite-Terre", 16.1740, -61.1140, "971", "commune of La Désirade"),
    ("Fort-de-France", 14.6037, -61.0731, "972", "Martinique"),
    ("Rocher du Diamant", 14.4430, -61.0390, "972", "2 km off Martinique"),
    ("Îles du Salut, Royale", 5.2880, -52.5900, "973", "commune of Cayenne, 14 km off"),
    ("Grand-Connétable", 4.8228, -51.9392, "973", "commune of Régina, 18 km off"),
    ("Saint-Laurent-du-Maroni, the quay", 5.5030, -54.0320, "973", "the French bank of the Maroni"),
    ("Maripasoula", 3.6430, -54.0310, "973", "the French bank, far up the river"),
    ("Saint-Georges", 3.8900, -51.8000, "973", "the French bank of the Oyapock"),
    ("Le Port", -20.9350, 55.2850, "974", "La Réunion"),
    (
        "the coast road on its viaduct",
        -20.8850,
        55.4050,
        "974",
        "in the sea, a furlong off La Réunion",
    ),
    ("Mamoudzou", -12.7806, 45.2278, "976", "Mayotte, a département since 2011"),
    ("Dzaoudzi, Petite-Terre", -12.7870, 45.2560, "976", "Mayotte's other island"),
    ("Mtsamboro islet", -12.6510, 45.0260, "976", "Mayotte"),
    ("Saint-Pierre, 975", 46.7790, -56.1770, NOWHERE, "a collectivity, not a département"),
    ("Gustavia, Saint-Barthélemy", 17.8970, -62.8500, NOWHERE, "left Guadeloupe in 2007"),
    ("Marigot, Saint-Martin", 18.0680, -63.0830, NOWHERE, "left Guadeloupe in 2007"),
    ("Nouméa", -22.2750, 166.4580, NOWHERE, "New Caledonia is no département"),
    ("Papeete", -17.5350, -149.5690, NOWHERE, "Polynesia is no département"),
    ("Tromelin", -15.8920, 54.5240, NOWHERE, "TAAF, administered from La Réunion but not of it"),
]

BORDERS: Final[list[Point]] = [
    ("Monte-Carlo, the casino", 43.7392, 7.4280, NOWHERE, "Monaco"),
    ("Fontvieille, the heliport on its mole", 43.7257, 7.4197, NOWHERE, "Monaco, built on the sea"),
    ("Monaco, Port Hercule", 43.7350, 7.4260, NOWHERE, "Monaco's water"),
    ("Monaco, Larvotto beach", 43.7455, 7.4345, NOWHERE, "Monaco"),
    ("Beausoleil", 43.7435, 7.4210, "06", "French, a street above Monte-Carlo"),
    ("Cap-d'Ail, Marquet beach", 43.7218, 7.4090, "06", "French, beside Fontvieille"),
    ("Roquebrune, the beach", 43.7500, 7.4620, "06", "French, east of Monaco"),
    ("Menton, Garavan", 43.7820, 7.5220, "06", "the last French bay"),
    ("Grimaldi", 43.7840, 7.5400, NOWHERE, "Ventimiglia's, Italy: 1 km from Menton"),
    ("Tende", 44.0880, 7.5940, "06", "French since 1947"),
    ("Montgenèvre", 44.9310, 6.7230, "05", "the French side of the pass"),
    ("Claviere", 44.9385, 6.7510, NOWHERE, "the Italian side"),
    ("Bardonecchia, above the tunnel", 45.1000, 6.6860, NOWHERE, "Italy, 3 km from 05 and 73"),
    ("Argentera, below Larche", 44.5204, 6.8749, NOWHERE, "Italy, 1.4 km from 04"),
    ("Modane", 45.2010, 6.6730, "73", "the French end of the Fréjus"),
    ("Chamonix", 45.9237, 6.8694, "74", "Haute-Savoie"),
    ("Courmayeur", 45.7960, 6.9690, NOWHERE, "Italy"),
    ("Saint-Gingolph, France", 46.3925, 6.8020, "74", "west of the Morge"),
    ("Saint-Gingolph, Switzerland", 46.3935, 6.8090, NOWHERE, "east of the Morge"),
    ("Évian, a boat off the quay", 46.4050, 6.5900, "74", "the French half of the lake"),
    ("Lausanne-Ouchy", 46.5065, 6.6260, NOWHERE, "the other half"),
    ("Annemasse", 46.1940, 6.2370, "74", "French, a tram from Geneva"),
    ("Thônex", 46.1880, 6.1990, NOWHERE, "canton of Geneva, 2 km from Annemasse"),
    ("Monniaz, Jussy", 46.2462, 6.2957, NOWHERE, "canton of Geneva, with France on three sides"),
    ("Ferney-Voltaire", 46.2560, 6.1080, "01", "Ain, on Geneva airport's fence"),
    (
        "Geneva airport",
        46.2380,
        6.1090,
        NOWHERE,
        "Switzerland; its French sector is a customs affair",
    ),
    ("CERN, Meyrin", 46.2340, 6.0550, NOWHERE, "Switzerland"),
    ("CERN, Prévessin", 46.2590, 6.0570, "01", "the French site"),
    ("Les Rousses", 46.4840, 6.0630, "39", "Jura"),
    ("La Cure", 46.4650, 6.0740, NOWHERE, "Switzerland"),
    ("Delle", 47.5080, 6.9990, "90", "the last French station"),
    ("Boncourt", 47.4950, 7.0140, NOWHERE, "Switzerland, 850 m from 90"),
    ("EuroAirport Basel-Mulhouse", 47.5990, 7.5290, "68", "on French soil whoever runs it"),
    ("Basel", 47.5580, 7.5880, NOWHERE, "Switzerland"),
    ("Weil am Rhein", 47.5930, 7.6110, NOWHERE, "Germany, across the Rhine from Huningue"),
    ("Huningue", 47.5910, 7.5830, "68", "the French bank"),
    ("Strasbourg, Port du Rhin", 48.5720, 7.7960, "67", "the French bank"),
    ("Kehl", 48.5730, 7.8150, NOWHERE, "Germany"),
    ("Wissembourg", 49.0370, 7.9450, "67", "French, 2 km from Schweigen"),
    ("Schweigen", 49.0530, 7.9560, NOWHERE, "Germany"),
    ("Forbach", 49.1880, 6.9000, "57", "Moselle"),
    ("Apach", 49.4600, 6.3720, "57", "France, beside Schengen"),
    ("Schengen", 49.4700, 6.3670, NOWHERE, "Luxembourg"),
    ("Longwy", 49.5200, 5.7600, "54", "Meurthe-et-Moselle"),
    ("Givet", 50.1380, 4.8250, "08", "a finger of France in Belgium"),
    ("Tourcoing", 50.7230, 3.1610, "59", "Nord"),
    ("Mouscron", 50.7440, 3.2140, NOWHERE, "Belgium"),
    ("Halluin", 50.7840, 3.1270, "59", "a street away from Menen"),
    ("Menen", 50.7960, 3.1210, NOWHERE, "Belgium"),
    ("Bray-Dunes, the beach at low tide", 51.0830, 2.5150, "59", "the northernmost commune"),
    ("De Panne, the beach", 51.1010, 2.5850, NOWHERE, "Belgium"),
    ("Hendaye, off the beach", 43.3790, -1.7780, "64", "France's side of the Bidasoa"),
    ("Hondarribia, the marina", 43.3767, -1.7917, NOWHERE, "Spain's side, 200 m away"),
    ("Hondarribia airport, the runway's end", 43.3613, -1.7870, NOWHERE, "Spain, into the river"),
    ("Irún", 43.3380, -1.7890, NOWHERE, "Spain"),
    ("Les, Val d'Aran", 42.8502, 0.7092, NOWHERE, "Spain, north of the watershed"),
    ("Pas de la Case", 42.5430, 1.7330, NOWHERE, "Andorra, on the French slope"),
    ("Andorra la Vella", 42.5063, 1.5218, NOWHERE, "Andorra"),
    ("L'Hospitalet-près-l'Andorre", 42.5880, 1.7990, "09", "Ariège"),
    ("Bourg-Madame", 42.4340, 1.9430, "66", "a bridge away from Puigcerdà"),
    ("Puigcerdà", 42.4320, 1.9280, NOWHERE, "Spain"),
    ("Llívia", 42.4640, 1.9810, NOWHERE, "Spain, an enclave in 66"),
    ("Cerbère, off the bay", 42.4440, 3.1720, "66", "the last French bay"),
    ("Portbou", 42.4270, 3.1600, NOWHERE, "Spain"),
    ("Albina", 5.4980, -54.0560, NOWHERE, "Suriname, across the Maroni"),
    ("Oiapoque", 3.8380, -51.8350, NOWHERE, "Brazil, across the Oyapock"),
]

ENCLAVES: Final[list[Point]] = [
    ("Valréas", 44.3850, 4.9910, "84", "the popes' enclave in Drôme"),
    ("Séron", 43.2800, -0.1000, "65", "an enclave of Hautes-Pyrénées in 64"),
    ("Escaunets", 43.3650, -0.0900, "65", "the other one"),
    ("Ménessaire", 47.1330, 4.1500, "21", "an enclave of Côte-d'Or between 58 and 71"),
    ("Othe", 49.4930, 5.4450, "54", "an enclave in Meuse"),
    ("the Bois de Vincennes", 48.8320, 2.4330, "75", "Paris, outside its ring road"),
    ("Saint-Mandé", 48.8420, 2.4180, "94", "between Paris and its wood"),
]

QUAYS: Final[list[Point]] = [
    ("Marseille, the J4 mole", 43.2960, 5.3590, "13", "built on the sea"),
    ("Marseille, digue du Large", 43.3250, 5.3440, "13", "the outer breakwater"),
    ("Nice airport, the runway", 43.6500, 7.2150, "06", "built on the sea"),
    ("Brest, the commercial port", 48.3800, -4.4800, "29", "built on the sea"),
    ("Cherbourg, the central fort", 49.6740, -1.6180, "50", "in the roads"),
    ("Boulogne, digue Carnot", 50.7440, 1.5680, "62", "its end, 1.8 km out"),
    ("Calais, the jetty", 50.9720, 1.8420, "62", "its end"),
    ("Dunkirk, the west port", 51.0300, 2.1900, "59", "built on the sea"),
    ("Gravelines, the beach", 51.0080, 2.1000, "59", "at low tide"),
    ("Le Havre, Port 2000", 49.4660, 0.1600, "76", "the Seine's right bank"),
    ("Honfleur", 49.4270, 0.2330, "14", "the Seine's left bank"),
    ("Mers-les-Bains, the beach", 50.0690, 1.3850, "80", "east of the Bresle"),
    ("Le Tréport", 50.0640, 1.3700, "76", "west of the Bresle"),
    ("Omaha Beach", 49.3700, -0.8700, "14", "at low tide"),
    ("La Pallice, the mole", 46.1570, -1.2460, "17", "a kilometre out"),
    ("Arcachon, the jetty", 44.6650, -1.1670, "33", "on its piles"),
    ("Sète, the mole", 43.3940, 3.7000, "34", "its end"),
    ("Port-Camargue", 43.5180, 4.1280, "30", "built on the sea, beside 34"),
    ("Le Barcarès, the beach", 42.7900, 3.0400, "66", "just off the polygon"),
    ("Tarnos, the beach", 43.5350, -1.5150, "40", "north of the Adour"),
    ("Anglet, La Barre", 43.5250, -1.5200, "64", "south of the Adour"),
]

SEA: Final[list[Point]] = [
    ("the Bay of Biscay", 45.5, -3.0, NOWHERE, "no commune"),
    ("the Gulf of Lion", 42.8, 4.2, NOWHERE, "no commune"),
    ("the Channel, midway", 50.0, -1.0, NOWHERE, "no commune"),
    ("off Saint-Malo, 10 km", 48.7400, -2.1300, NOWHERE, "no commune"),
    ("Dover", 51.1280, 1.3130, NOWHERE, "England"),
    ("Jersey", 49.1870, -2.1070, NOWHERE, "a bailiwick of the Crown"),
    ("Les Écréhous", 49.2900, -1.9300, NOWHERE, "Jersey's since The Hague, 1953"),
    ("Les Minquiers", 48.9700, -2.0700, NOWHERE, "Jersey's since The Hague, 1953"),
    ("Santa Teresa, Sardinia", 41.2400, 9.1900, NOWHERE, "Italy, across the strait"),
    ("Roseau, Dominica", 15.3010, -61.3870, NOWHERE, "between Guadeloupe and Martinique"),
    ("Mutsamudu, Anjouan", -12.1670, 44.3990, NOWHERE, "the Comoros"),
]

POINTS: Final = [*ISLANDS, *CORSICA, *OVERSEAS, *BORDERS, *ENCLAVES, *QUAYS, *SEA]


@pytest.mark.parametrize(
    ("place", "latitude", "longitude", "official", "why"), POINTS, ids=[each[0] for each in POINTS]
)
def test_the_official_departement(
    place: str, latitude: float, longitude: float, official: str, why: str
) -> None:
    found = locate(np.array([latitude]), np.array([longitude]))
    assert str(found.codes[0]) == official, f"{place}: {why}"


LAND_FRONTIERS: Final = {
    # Where it begins and ends at the sea (longitude, latitude), and boxes (west, south, east,
    # north) in which it meets water: there the nearest shore counts, and the rows above say whose.
    "north and east": (
        (2.5455, 51.0890),
        (7.5302, 43.7881),
        [(2.45, 51.04, 2.6, 51.2), (6.2, 46.29, 6.82, 46.5), (7.3, 43.5, 7.56, 43.79)],
    ),
    "the Pyrenees": (
        (3.1736, 42.4359),
        (-1.7888, 43.3784),
        [(-1.82, 43.3638, -1.6, 43.45), (3.15, 42.4, 3.3, 42.5)],
    ),
}


@pytest.mark.parametrize("frontier", LAND_FRONTIERS)
def test_nothing_across_a_land_frontier_is_french(frontier: str) -> None:
    first, last, waters = LAND_FRONTIERS[frontier]
    latitudes, longitudes = around(limit_of_the_mainland(first, last), (0.1, 1.0, 2.9))
    for box in waters:
        dry = ~inside(latitudes, longitudes, box)
        latitudes, longitudes = latitudes[dry], longitudes[dry]
    found = locate(latitudes, longitudes)
    wrong = np.flatnonzero(found.method == Method.NEAREST)
    some = [(latitudes[n], longitudes[n], str(found.codes[n])) for n in wrong[:5]]
    assert not wrong.size, f"{wrong.size} points abroad are given to France: {some} …"
    assert (found.method == Method.NONE).sum() > 10_000


def limit_of_the_mainland(
    first: tuple[float, float], last: tuple[float, float]
) -> NDArray[np.float64]:
    """The corners (n, 2) of the mainland's limit from one to another, by the shorter way."""
    whole = shapely.get_parts(shapely.union_all(load_polygons()))
    corners = shapely.get_coordinates(max(whole, key=shapely.area).exterior)[:-1]
    start, end = (np.hypot(*(corners - place).T).argmin() for place in (first, last))
    ring: NDArray[np.float64] = np.roll(corners, -start, axis=0)
    end = (end - start) % len(ring)
    return ring[: end + 1] if end < len(ring) / 2 else ring[end:]


def around(
    corners: NDArray[np.float64], kilometres: tuple[float, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points on circles around corners: they lie on both sides of the limit."""
    angles, steps = np.meshgrid(
        np.linspace(0, 2 * np.pi, 8, endpoint=False), np.array(kilometres) / KM_PER_DEGREE
    )
    x, y = corners.T[..., None]
    latitudes = y + (steps * np.sin(angles)).ravel()
    longitudes = x + (steps * np.cos(angles)).ravel() / np.cos(np.radians(y))
    return latitudes.ravel(), longitudes.ravel()


def inside(
    latitudes: NDArray[np.float64],
    longitudes: NDArray[np.float64],
    box: tuple[float, float, float, float],
) -> NDArray[np.bool_]:
    west, south, east, north = box
    within: NDArray[np.bool_] = (longitudes > west) & (longitudes < east)
    return within & (latitudes > south) & (latitudes < north)
