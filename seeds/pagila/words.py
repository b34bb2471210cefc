"""Words that the sample data is made up from. The people and films are invented."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words("""
Ada Adele Agnes Alan Albert Alice Alma Amara Amina Amir Ana Andre Anika Anton April Ari Arlo Astrid
Aya Barnaby Basil Beatriz Bela Benno Berta Bianca Boris Bruno Camila Carl Carmen Cecil Celia Chidi
Clara Clemens Cora Cyrus Dalia Daniel Daria David Delia Dennis Diego Dina Dora Edgar Edith Ela Elena
Eli Elias Ella Elmer Elsa Emil Emma Enzo Erik Esther Etta Eva Farah Felix Fiona Flora Francis Freya
Frida Gemma George Gideon Gina Greta Gustav Hana Hannah Harold Hector Helen Henri Hilda Hugo Ian Ida
Igor Imani Ines Ingrid Irene Iris Isaac Isla Ivan Jada Jakob Janet Jasper Jelena Joan Jonas Josef
Judith Julia Kai Karim Karin Kasper Katya Keiko Kenji Kira Klara Lars Laura Leah Leila Leo Leon Lena
Liam Lidia Lin Linus Lola Lorenz Louis Lucia Luis Luna Mabel Magda Malik Manuel Mara Marco Margot
Maria Marta Mateo Max Maya Mei Mila Milo Mina Mira Mona Nadia Naomi Nell Nico Nils Nina Noah Nora
Olaf Olga Olive Omar Oscar Otto Pablo Paula Pedro Petra Pia Quinn Rafael Ramona Rania Ravi Rosa Rita
Roman Rose Ruben Ruth Sami Sara Selma Sergio Simon Sofia Sonja Stella Sven Tara Tessa Theo Thora
Tobias Tomas Uma Ursula Vera Victor Viola Walter Wanda Willa Xenia Yara Yusuf Zara Zeno Zoe
""")

LAST_NAMES = _words("""
Abara Acker Adler Agarwal Ahlberg Albrecht Almeida Alvarez Amato Andersen Aoki Archer Aronson Ashby
Aziz Bader Baker Banks Barlow Baum Becker Bell Benson Berg Bianchi Binder Birch Blake Bloom Boateng
Bond Borg Bosch Bowen Brandt Brennan Brook Bruun Burke Byrne Calder Campos Cardoso Carver Castle
Chandra Chen Christie Clay Cole Conrad Cooper Costa Crane Cruz Dahl Dale Danso Darby Dekker Delgado
Diaz Dietrich Dixon Dorsey Draper Drummond Duarte Dunn Eaton Ebner Eckert Egan Ekman Ellis Engel
Espinoza Faber Falk Farrow Faust Feld Fenn Ferrari Finch Fisher Fleming Flores Forsberg Foster Frey
Fuchs Fuller Galvan Garrett Gerber Gibbs Glass Goldberg Gomez Grant Greenwood Grimes Gruber Haas
Hale Hansen Harper Hartmann Hayashi Heller Herrera Hess Hobbs Hoffman Holm Horvat Huber Hussain Ito
Iversen Jansen Jarvis Jensen Jordan Kahn Kaiser Kane Kapoor Keller Kemp Kerr Kim Kline Knight Kovac
Kramer Krause Kumar Lambert Lang Larkin Larsen Lau Lehmann Lennox Levy Lindgren Lombardi Lopez Lund
Lynch Maas Mackay Madsen Maier Malone Marsh Martel Mata Mayer Mensah Mercer Meyer Miles Molina
Monroe Moreau Moretti Morrow Moss Munro Nagy Nakamura Nash Navarro Neumann Newell Nguyen Nielsen
Nolan North Novak Nunez Oakes Ochoa Odell Okafor Olsen Ono Ortega Osman Otero Owens Pace Padilla
Palmer Pardo Parry Patel Pereira Peters Pham Pike Pollock Porter Prado Quist Ramos Rasmussen Reed
Reyes Richter Rinaldi Rivera Rosen Roth Rowe Ruiz Russo Sala Sandoval Santos Sato Sauer Schmidt
Schuster Serrano Shah Silva Singh Sloan Soto Stark Steiner Stone Strand Suarez Sutter Suzuki Swan
Tanaka Tate Teller Thorne Torres Tran Turner Ueda Vargas Vega Vogel Voss Wagner Walsh Ward Watts
Weber Weiss Wells West Wolf Yamada Yates Young Zapata Zeller Ziegler Zimmer
""")

TITLE_FIRST = _words("""
Amber Ancient Arctic Autumn Bitter Blazing Blue Borrowed Brass Broken Buried Burning Candid Carnival
Cobalt Copper Coral Crimson Crooked Crystal Dancing Daring Desert Distant Drifting Dusty Eager Early
Electric Emerald Empty Endless Fading Falling Fearless Final Floating Forgotten Frozen Gentle Ghost
Gilded Glass Golden Granite Hidden Hollow Honest Humble Idle Indigo Iron Ivory Jagged Jolly Kindred
Lantern Last Lavender Lonely Loud Lucky Lunar Magic Marble Midnight Misty Modern Moonlit Mountain
Narrow Nimble Noble Northern Obsidian Orchid Paper Patient Pearl Perfect Phantom Polar Proud Quiet
Radiant Rapid Restless River Rolling Royal Rusty Sable Scarlet Secret Seven Shallow Silent Silver
Sleeping Solar Southern Spiral Stolen Stormy Sudden Sunken Swift Tender Thunder Timeless Twin Velvet
Violet Wandering Western Whispering Wicked Wild Winter Wooden Young Zealous
""")

TITLE_SECOND = _words("""
Accord Airport Alibi Alley Anchor Apology Archer Arena Astronaut Attic Avenue Bakery Balcony Ballad
Bandit Bargain Beacon Blizzard Boulevard Bridge Cabin Caravan Castaway Cathedral Cellar Challenge
Chapter Chase Circus Citadel Clockwork Comet Compass Confession Corridor Courier Crossing Crown
Detective Detour Diary Dilemma Diplomat Dragonfly Eclipse Embassy Encore Engine Envelope Escape
Expedition Express Farewell Festival Fiddler Forest Fortune Frontier Garden Gambit Glacier Gondola
Governor Harbor Harvest Heiress Heist Horizon Hotel Hurricane Inheritance Island Journey Jungle
Kingdom Labyrinth Lagoon Legacy Letter Lighthouse Locket Machine Magician Market Masquerade Meadow
Melody Mirror Monsoon Monument Motel Museum Mystery Navigator Neighbor Oasis Observatory Odyssey
Orchard Outlaw Paradise Parade Passenger Pendulum Pilgrim Pioneer Planet Portrait Promise Prophecy
Puzzle Quarry Rebellion Refuge Rendezvous Reunion Riddle Rival Runaway Sailor Sanctuary Scandal
Season Serenade Shadow Shoreline Signal Singer Skyline Souvenir Spectacle Station Stowaway Stranger
Symphony Tailor Telegram Tempest Theater Threshold Tournament Treasure Trial Tunnel Valley Verdict
Village Violin Voyage Waltz Warden Waterfall Weekend Wilderness Window Witness Workshop
""")

HEROES = (
    "a retired cartographer", "a stubborn beekeeper", "a night-shift nurse", "an unlucky juggler",
    "a village teacher", "a ship's cook", "a shy locksmith", "a former champion", "a radio host",
    "a junior archivist", "a lighthouse keeper", "a travelling tailor", "a tax inspector",
    "a botanist", "a piano tuner", "a mountain guide",
)  # fmt: skip

DEEDS = (
    "must find", "sets out to rescue", "makes a wager with", "falls out with", "has to trust",
    "goes into business with", "is mistaken for", "races", "hides from", "writes letters to",
    "has to outwit", "crosses a continent with",
)  # fmt: skip

OTHERS = (
    "a runaway heiress", "an inventor of clocks", "a talking parrot", "the mayor's twin",
    "a crew of smugglers", "an old rival", "a stage magician", "the last station master",
    "a suspicious widow", "a brass band", "a lost explorer", "three small thieves",
)  # fmt: skip

SETTINGS = (
    "in a flooded city", "on the night train", "during the longest winter", "at a seaside hotel",
    "behind the theatre", "on a desert road", "in an empty museum", "under the old bridge",
    "at the edge of the map", "in a town without clocks",
)  # fmt: skip

STREETS = _words("""
Acorn Alder Aspen Bay Beech Birch Bridge Canal Castle Cedar Chapel Cherry Church Clover College
Cypress Dock Elm Factory Fern Forge Garden Grove Harbor Hawthorn Hazel High Hill Ivy Juniper Lake
Lark Laurel Lime Linden Maple Market Meadow Mill Mint Myrtle Oak Olive Orchard Park Pine Poplar
Quarry River Rowan School Spring Station Summit Tower Valley Vine Walnut Water Willow Wood
""")

STREET_KINDS = ("Street", "Avenue", "Lane", "Road", "Way", "Square", "Drive", "Row")

DISTRICTS = ("Centre", "North", "South", "East", "West", "Riverside", "Old Town", "Hillside")

CATEGORIES = (
    "Action", "Animation", "Children", "Classics", "Comedy", "Documentary", "Drama", "Family",
    "Foreign", "Games", "Horror", "Music", "New", "Sci-Fi", "Sports", "Travel",
)  # fmt: skip

LANGUAGES = ("English", "Italian", "Japanese", "Mandarin", "French", "German")

RATINGS = ("G", "PG", "PG-13", "R", "NC-17")

FEATURES = ("Trailers", "Commentaries", "Deleted Scenes", "Behind the Scenes")
