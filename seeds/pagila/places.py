"""Countries and their cities: facts, for addresses."""

# a line that starts with a blank continues the one before
_TEXT = """
Algeria: Algiers, Oran, Constantine, Annaba
Angola: Luanda, Huambo, Lobito
Argentina: Buenos Aires, Rosario, Mendoza, La Plata, Salta, Tandil, Mar del Plata, Quilmes
Armenia: Yerevan, Gyumri
Australia: Sydney, Melbourne, Brisbane, Perth, Adelaide, Hobart, Darwin, Newcastle
Austria: Vienna, Graz, Linz, Salzburg, Innsbruck
Azerbaijan: Baku, Ganja
Bahrain: Manama
Bangladesh: Dhaka, Chittagong, Khulna, Rajshahi, Sylhet
Belarus: Minsk, Brest, Gomel
Belgium: Brussels, Antwerp, Ghent, Bruges, Liège
Bolivia: La Paz, Sucre, Cochabamba
Bosnia and Herzegovina: Sarajevo, Mostar, Banja Luka
Botswana: Gaborone, Francistown
Brazil: São Paulo, Rio de Janeiro, Salvador, Fortaleza, Curitiba, Recife, Belém, Manaus, Santos,
  Goiânia, Maceió, Natal, Campinas, Florianópolis, Niterói
Bulgaria: Sofia, Plovdiv, Varna, Burgas
Cambodia: Phnom Penh, Battambang
Cameroon: Yaoundé, Douala
Canada: Toronto, Montreal, Vancouver, Calgary, Ottawa, Halifax, Winnipeg, Quebec City, Lethbridge,
  Saskatoon
Chile: Santiago, Concepción, Valdivia, Antofagasta, Temuco
China: Beijing, Shanghai, Guangzhou, Shenzhen, Chengdu, Wuhan, Nanjing, Tianjin, Hangzhou, Suzhou,
  Xiamen, Qingdao, Dalian, Harbin, Kunming, Changsha, Ningbo, Jinan, Shenyang, Fuzhou, Hefei,
  Guilin, Lanzhou, Wuxi, Foshan
Colombia: Bogotá, Medellín, Cali, Cartagena, Bucaramanga, Pereira
Congo: Kinshasa, Lubumbashi
Costa Rica: San José, Limón
Croatia: Zagreb, Split, Rijeka, Zadar
Cuba: Havana, Camagüey, Holguín
Cyprus: Nicosia, Limassol
Czechia: Prague, Brno, Ostrava, Olomouc, Plzeň
Denmark: Copenhagen, Aarhus, Odense, Aalborg
Dominican Republic: Santo Domingo, La Romana
Ecuador: Quito, Guayaquil, Cuenca, Loja
Egypt: Cairo, Alexandria, Giza, Luxor, Aswan, Port Said
Estonia: Tallinn, Tartu
Ethiopia: Addis Ababa, Dire Dawa
Finland: Helsinki, Tampere, Turku, Oulu
France: Paris, Lyon, Marseille, Toulouse, Nantes, Bordeaux, Le Mans, Lille, Dijon, Rennes
Georgia: Tbilisi, Batumi
Germany: Berlin, Hamburg, Munich, Cologne, Leipzig, Dresden, Bremen, Halle, Erfurt, Siegen,
  Witten, Hanover
Ghana: Accra, Kumasi
Greece: Athens, Thessaloniki, Patras, Heraklion
Guatemala: Guatemala City, Antigua
Honduras: Tegucigalpa, San Pedro Sula
Hungary: Budapest, Debrecen, Szeged, Pécs
Iceland: Reykjavík, Akureyri
India: Mumbai, Delhi, Bengaluru, Chennai, Kolkata, Hyderabad, Pune, Jaipur, Lucknow, Nagpur,
  Indore, Bhopal, Patna, Surat, Kochi, Agra, Varanasi, Mysuru, Jodhpur, Amritsar, Udaipur, Rajkot,
  Madurai, Shimla, Gwalior, Siliguri, Vellore, Kanpur
Indonesia: Jakarta, Surabaya, Bandung, Medan, Semarang, Makassar, Denpasar, Malang, Pontianak,
  Yogyakarta, Padang
Iran: Tehran, Isfahan, Shiraz, Tabriz, Mashhad, Qom, Kerman
Iraq: Baghdad, Basra, Mosul
Ireland: Dublin, Cork, Galway, Limerick
Israel: Tel Aviv, Haifa, Jerusalem, Beersheba
Italy: Rome, Milan, Naples, Turin, Bologna, Florence, Palermo, Brindisi, Livorno, Udine
Ivory Coast: Abidjan, Bouaké
Jamaica: Kingston, Montego Bay
Japan: Tokyo, Osaka, Kyoto, Nagoya, Sapporo, Fukuoka, Kobe, Hiroshima, Sendai, Nara, Kanazawa,
  Nagasaki, Okayama, Niigata, Matsue, Kumamoto, Hakodate, Shizuoka, Sasebo, Omiya, Takamatsu,
  Gifu, Akita, Toyama
Jordan: Amman, Aqaba
Kazakhstan: Almaty, Astana, Shymkent
Kenya: Nairobi, Mombasa, Kisumu
Kuwait: Kuwait City
Laos: Vientiane, Luang Prabang
Latvia: Riga, Daugavpils, Liepāja
Lebanon: Beirut, Tripoli
Lithuania: Vilnius, Kaunas, Klaipėda
Luxembourg: Esch-sur-Alzette
Madagascar: Antananarivo, Mahajanga
Malawi: Lilongwe, Blantyre
Malaysia: Kuala Lumpur, George Town, Ipoh, Johor Bahru, Kuching
Malta: Valletta
Mexico: Mexico City, Guadalajara, Monterrey, Puebla, Tijuana, Mérida, Oaxaca, Querétaro, Acapulco,
  Morelia, Toluca, Chihuahua, Hermosillo, Veracruz, Cuernavaca, Zacatecas, Durango, Saltillo,
  Ensenada, Campeche
Moldova: Chişinău, Tiraspol
Mongolia: Ulaanbaatar
Morocco: Casablanca, Rabat, Fez, Marrakesh, Agadir, Tangier
Mozambique: Maputo, Beira, Nampula
Myanmar: Yangon, Mandalay
Namibia: Windhoek
Nepal: Kathmandu, Pokhara, Birgunj
Netherlands: Amsterdam, Rotterdam, Utrecht, Eindhoven, Leiden, Zwolle, Arnhem
New Zealand: Auckland, Wellington, Christchurch, Dunedin, Hamilton
Nicaragua: Managua, Granada
Nigeria: Lagos, Abuja, Kano, Ibadan, Enugu, Kaduna, Ilorin, Zaria, Sokoto, Ife, Benin City
Norway: Oslo, Bergen, Trondheim, Stavanger
Oman: Muscat, Salalah
Pakistan: Karachi, Lahore, Islamabad, Faisalabad, Multan, Peshawar, Quetta
Panama: Panama City, Colón
Paraguay: Asunción, Ciudad del Este, San Lorenzo
Peru: Lima, Cusco, Arequipa, Trujillo, Iquitos, Callao
Philippines: Manila, Cebu, Davao, Baguio, Iloilo, Bacolod, Quezon City, Zamboanga, Taguig, Tarlac,
  Lapu-Lapu, Cavite, Ozamis, Imus, Tanza, Hagonoy
Poland: Warsaw, Kraków, Gdańsk, Wrocław, Poznań, Lublin, Łódź, Kalisz
Portugal: Lisbon, Porto, Braga, Coimbra, Faro
Puerto Rico: San Juan, Ponce
Qatar: Doha
Romania: Bucharest, Cluj-Napoca, Iaşi, Timişoara, Botoşani
Russia: Moscow, Saint Petersburg, Kazan, Samara, Novosibirsk, Yekaterinburg, Omsk, Perm, Ufa,
  Volgograd, Tver, Tula, Smolensk, Pskov, Kaluga, Ryazan, Vladivostok, Irkutsk, Murmansk,
  Syktyvkar, Elista, Kursk, Kirov, Saratov
Rwanda: Kigali
Saudi Arabia: Riyadh, Jeddah, Medina, Tabuk, Abha
Senegal: Dakar, Thiès
Serbia: Belgrade, Novi Sad, Niš
Singapore: Singapore
Slovakia: Bratislava, Košice, Nitra
Slovenia: Ljubljana, Maribor
South Africa: Cape Town, Johannesburg, Durban, Pretoria, Bloemfontein, Paarl, Gqeberha, Kimberley,
  Soshanguve
South Korea: Seoul, Busan, Incheon, Daegu, Daejeon, Gwangju, Ulsan
Spain: Madrid, Barcelona, Valencia, Seville, Bilbao, Zaragoza, Málaga, Gijón, Ourense
Sri Lanka: Colombo, Kandy, Jaffna
Sudan: Khartoum, Omdurman
Sweden: Stockholm, Gothenburg, Malmö, Uppsala
Switzerland: Zurich, Geneva, Basel, Bern, Lausanne
Taiwan: Taipei, Kaohsiung, Taichung, Tainan, Hsinchu, Keelung, Chiayi
Tanzania: Dar es Salaam, Dodoma, Mwanza, Zanzibar
Thailand: Bangkok, Chiang Mai, Phuket, Pattaya, Songkhla
Tunisia: Tunis, Sousse, Sfax
Turkey: Istanbul, Ankara, Izmir, Bursa, Antalya, Adana, Konya, Kayseri, Sivas, Trabzon, Denizli,
  Elazığ, İnegöl, Tokat
Uganda: Kampala, Jinja
Ukraine: Kyiv, Lviv, Odesa, Kharkiv, Dnipro, Sumy
United Arab Emirates: Dubai, Abu Dhabi, Sharjah
United Kingdom: London, Manchester, Birmingham, Leeds, Glasgow, Edinburgh, Bristol, Liverpool,
  Cardiff, Belfast, York, Bradford, Dundee, Stockport
United States: New York, Los Angeles, Chicago, Houston, Phoenix, Philadelphia, San Antonio, San
  Diego, Dallas, Austin, Seattle, Denver, Boston, Portland, Memphis, Atlanta, Omaha, Tucson,
  Akron, Aurora, Garland, Tampa, Cleveland, Detroit, Minneapolis, Nashville, Sacramento, Kansas
  City, Cincinnati, Lincoln, Roanoke, Peoria, Joliet, Salinas
Uruguay: Montevideo, Salto
Uzbekistan: Tashkent, Samarkand, Bukhara
Venezuela: Caracas, Maracaibo, Maturín, Barquisimeto, Ciudad Bolívar, Cumaná, Maracay
Vietnam: Hanoi, Ho Chi Minh City, Da Nang, Hue, Haiphong, Can Tho, Vinh, Nam Dinh
Yemen: Sanaa, Aden, Taiz
Zambia: Lusaka, Kitwe, Ndola
Zimbabwe: Harare, Bulawayo
""".strip()

CITIES_BY_COUNTRY: dict[str, tuple[str, ...]] = {
    country: tuple(city.strip() for city in cities.split(","))
    for country, cities in (line.split(":") for line in _TEXT.replace("\n  ", " ").splitlines())
}
