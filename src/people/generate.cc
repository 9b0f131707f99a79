#include "people/generate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "people/csv.h"
#include "people/lexicon.h"

namespace handoff::people {
namespace {

using namespace std::string_view_literals;

constexpr std::array female{
    "Mary"sv,      "Jennifer"sv,  "Linda"sv,      "Elizabeth"sv, "Susan"sv,    "Jessica"sv,  "Sarah"sv,
    "Karen"sv,     "Emily"sv,     "Emma"sv,       "Olivia"sv,    "Sophia"sv,   "Isabella"sv, "Mia"sv,
    "Charlotte"sv, "Amelia"sv,    "Patricia"sv,   "Barbara"sv,   "Margaret"sv, "Lisa"sv,     "Nancy"sv,
    "Sandra"sv,    "Ashley"sv,    "Kimberly"sv,   "Donna"sv,     "Michelle"sv, "Carol"sv,    "Amanda"sv,
    "Melissa"sv,   "Deborah"sv,   "Stephanie"sv,  "Rebecca"sv,   "Laura"sv,    "Cynthia"sv,  "Amy"sv,
    "Kathleen"sv,  "Angela"sv,    "Anna"sv,       "Ruth"sv,      "Brenda"sv,   "Pamela"sv,   "Nicole"sv,
    "Katherine"sv, "Samantha"sv,  "Christine"sv,  "Catherine"sv, "Virginia"sv, "Rachel"sv,   "Janet"sv,
    "Maria"sv,     "Heather"sv,   "Diane"sv,      "Julie"sv,     "Joyce"sv,    "Victoria"sv, "Kelly"sv,
    "Christina"sv, "Joan"sv,      "Evelyn"sv,     "Lauren"sv,    "Judith"sv,   "Megan"sv,    "Andrea"sv,
    "Cheryl"sv,    "Hannah"sv,    "Jacqueline"sv, "Martha"sv,    "Gloria"sv,   "Teresa"sv,   "Ann"sv,
    "Sara"sv,      "Madison"sv,   "Frances"sv,    "Kathryn"sv,   "Janice"sv,   "Jean"sv,     "Abigail"sv,
    "Alice"sv,     "Julia"sv,     "Judy"sv,       "Sophie"sv,    "Grace"sv,    "Denise"sv,   "Amber"sv,
    "Doris"sv,     "Marilyn"sv,   "Danielle"sv,   "Beverly"sv,   "Fatima"sv,   "Aisha"sv,    "Priya"sv,
    "Mei"sv,       "Linh"sv,      "Yasmin"sv,     "Zahra"sv,     "Amélie"sv,   "Chloé"sv,    "Océane"sv,
    "Geneviève"sv, "Ingrid"sv,    "Svetlana"sv,   "Natalia"sv,   "Olga"sv,     "Hiba"sv,     "Leila"sv,
    "Noor"sv,      "Simran"sv,    "Harpreet"sv,   "Jasmine"sv,   "Siobhan"sv,  "Niamh"sv,    "Adaeze"sv,
    "Ngozi"sv,     "Wanjiru"sv,   "Lupita"sv,     "Guadalupe"sv, "Carmen"sv,   "Rosario"sv,  "Xiomara"sv,
    "Ludmila"sv,   "Agnieszka"sv, "Beatrix"sv,    "Winona"sv,    "Anaïs"sv};
constexpr std::array male{
    "James"sv,     "Robert"sv,  "John"sv,      "Michael"sv,  "David"sv,   "William"sv,   "Richard"sv,   "Joseph"sv,
    "Thomas"sv,    "Liam"sv,    "Noah"sv,      "Ethan"sv,    "Lucas"sv,   "Oliver"sv,    "Benjamin"sv,  "Christopher"sv,
    "Charles"sv,   "Daniel"sv,  "Matthew"sv,   "Anthony"sv,  "Mark"sv,    "Donald"sv,    "Steven"sv,    "Andrew"sv,
    "Paul"sv,      "Joshua"sv,  "Kenneth"sv,   "Kevin"sv,    "Brian"sv,   "George"sv,    "Timothy"sv,   "Ronald"sv,
    "Jason"sv,     "Edward"sv,  "Jeffrey"sv,   "Ryan"sv,     "Jacob"sv,   "Gary"sv,      "Nicholas"sv,  "Eric"sv,
    "Jonathan"sv,  "Stephen"sv, "Larry"sv,     "Justin"sv,   "Scott"sv,   "Brandon"sv,   "Samuel"sv,    "Gregory"sv,
    "Alexander"sv, "Patrick"sv, "Frank"sv,     "Raymond"sv,  "Jack"sv,    "Dennis"sv,    "Jerry"sv,     "Tyler"sv,
    "Aaron"sv,     "Jose"sv,    "Adam"sv,      "Nathan"sv,   "Henry"sv,   "Zachary"sv,   "Douglas"sv,   "Peter"sv,
    "Kyle"sv,      "Walter"sv,  "Jeremy"sv,    "Harold"sv,   "Keith"sv,   "Christian"sv, "Roger"sv,     "Terry"sv,
    "Austin"sv,    "Sean"sv,    "Gerald"sv,    "Carl"sv,     "Dylan"sv,   "Arthur"sv,    "Lawrence"sv,  "Jordan"sv,
    "Jesse"sv,     "Bryan"sv,   "Bruce"sv,     "Gabriel"sv,  "Joe"sv,     "Logan"sv,     "Alan"sv,      "Juan"sv,
    "Mohammed"sv,  "Ahmed"sv,   "Ali"sv,       "Omar"sv,     "Yusuf"sv,   "Ibrahim"sv,   "Rajesh"sv,    "Arjun"sv,
    "Wei"sv,       "Minh"sv,    "Hiroshi"sv,   "Jean"sv,     "Étienne"sv, "François"sv,  "Luc"sv,       "Björn"sv,
    "Dmitri"sv,    "Ivan"sv,    "Vladimir"sv,  "Gurpreet"sv, "Harjit"sv,  "Kwame"sv,     "Chinedu"sv,   "Tendai"sv,
    "Diego"sv,     "Mateo"sv,   "Alejandro"sv, "Eduardo"sv,  "Hugo"sv,    "Piotr"sv,     "Stanisław"sv, "Eoin"sv,
    "Pádraig"sv,   "Nanook"sv,  "Tariq"sv,     "Samir"sv};
constexpr std::array family{
    "Smith"sv,        "Johnson"sv,   "Brown"sv,     "Williams"sv,  "Jones"sv,     "Miller"sv,    "Davis"sv,
    "Wilson"sv,       "Martin"sv,    "Anderson"sv,  "Taylor"sv,    "Thomas"sv,    "Moore"sv,     "Jackson"sv,
    "Thompson"sv,     "White"sv,     "Lee"sv,       "Harris"sv,    "Clark"sv,     "Lewis"sv,     "Robinson"sv,
    "Walker"sv,       "Young"sv,     "Allen"sv,     "King"sv,      "Wright"sv,    "Scott"sv,     "Hill"sv,
    "Green"sv,        "Adams"sv,     "Nelson"sv,    "Baker"sv,     "Hall"sv,      "Campbell"sv,  "Mitchell"sv,
    "Carter"sv,       "Roberts"sv,   "Garcia"sv,    "Rodriguez"sv, "Martinez"sv,  "Hernandez"sv, "Lopez"sv,
    "Gonzalez"sv,     "Perez"sv,     "Sanchez"sv,   "Ramirez"sv,   "Torres"sv,    "Nguyen"sv,    "Tran"sv,
    "Singh"sv,        "Patel"sv,     "Khan"sv,      "Ahmed"sv,     "Ali"sv,       "Wang"sv,      "Li"sv,
    "Zhang"sv,        "Chen"sv,      "Kim"sv,       "Park"sv,      "Tremblay"sv,  "Gagnon"sv,    "Roy"sv,
    "Côté"sv,         "Bouchard"sv,  "Gauthier"sv,  "Morin"sv,     "Lavoie"sv,    "Fortin"sv,    "Gagné"sv,
    "MacDonald"sv,    "McLean"sv,    "O'Brien"sv,   "Murphy"sv,    "Kelly"sv,     "Sullivan"sv,  "Müller"sv,
    "Schmidt"sv,      "Schneider"sv, "Fischer"sv,   "Weber"sv,     "Becker"sv,    "Kowalski"sv,  "Nowak"sv,
    "Ivanov"sv,       "Petrov"sv,    "Kuznetsov"sv, "Okafor"sv,    "Adeyemi"sv,   "Mensah"sv,    "Kamau"sv,
    "Van der Berg"sv, "De Jong"sv,   "Janssen"sv,   "Larsen"sv,    "Hansen"sv,    "Johansson"sv, "Andersson"sv,
    "Rossi"sv,        "Ferrari"sv,   "Silva"sv,     "Santos"sv,    "Pereira"sv,   "Costa"sv,     "Cohen"sv,
    "Levy"sv,         "Haddad"sv,    "Mansour"sv,   "El-Sayed"sv,  "Kaur"sv,      "Sharma"sv,    "Gupta"sv,
    "Evans"sv,        "Turner"sv,    "Parker"sv,    "Collins"sv,   "Edwards"sv,   "Stewart"sv,   "Morris"sv,
    "Rogers"sv,       "Reed"sv,      "Cook"sv,      "Morgan"sv,    "Bell"sv,      "Bailey"sv,    "Cooper"sv,
    "Richardson"sv,   "Cox"sv,       "Howard"sv,    "Ward"sv,      "Peterson"sv,  "Gray"sv,      "Watson"sv,
    "Brooks"sv,       "Bennett"sv,   "Wood"sv,      "Ross"sv,      "Henderson"sv, "Coleman"sv,   "Jenkins"sv,
    "Perry"sv,        "Long"sv,      "Hughes"sv,    "Foster"sv,    "Simmons"sv,   "Bryant"sv,    "Russell"sv,
    "Griffin"sv,      "Hayes"sv};
// Rare surnames are put together, so that the tail is as long as in life.
constexpr std::array heads{"Ash"sv,   "Black"sv, "Brad"sv, "Carl"sv,  "Den"sv,   "Elder"sv, "Farn"sv, "Gold"sv,
                           "Hart"sv,  "Holl"sv,  "Kirk"sv, "Lang"sv,  "Mar"sv,   "North"sv, "Oak"sv,  "Pem"sv,
                           "Quill"sv, "Rams"sv,  "Sten"sv, "Thorn"sv, "Ulver"sv, "Wake"sv,  "Win"sv,  "Yar"sv,
                           "Zim"sv,   "Bar"sv,   "Cald"sv, "Dray"sv,  "Fitz"sv,  "Grim"sv,  "Hav"sv,  "Kols"sv,
                           "Lind"sv,  "Mos"sv,   "Nor"sv,  "Pet"sv,   "Rad"sv,   "Sob"sv,   "Tur"sv,  "Vas"sv};
constexpr std::array tails{"ford"sv, "ley"sv,   "well"sv,  "ton"sv,   "field"sv, "wood"sv,  "worth"sv, "by"sv,
                           "more"sv, "croft"sv, "stead"sv, "man"sv,   "berg"sv,  "stein"sv, "sen"sv,   "ski"sv,
                           "ov"sv,   "enko"sv,  "idze"sv,  "quist"sv, "holm"sv,  "gate"sv,  "bury"sv,  "ham"sv,
                           "land"sv, "low"sv,   "mere"sv,  "ridge"sv, "shaw"sv,  "wick"sv};
constexpr std::array street_names{
    "Maple"sv,  "Oak"sv,      "King"sv,     "Queen"sv,     "Main"sv,    "Church"sv,   "Mill"sv,     "River"sv,
    "Lake"sv,   "Hill"sv,     "Park"sv,     "Cedar"sv,     "Elm"sv,     "Pine"sv,     "Victoria"sv, "Wellington"sv,
    "Albert"sv, "George"sv,   "Station"sv,  "College"sv,   "Birch"sv,   "Willow"sv,   "Spruce"sv,   "Front"sv,
    "Water"sv,  "Bridge"sv,   "School"sv,   "Garden"sv,    "Meadow"sv,  "Forest"sv,   "Sunset"sv,   "Highland"sv,
    "Union"sv,  "Prospect"sv, "Franklin"sv, "Jefferson"sv, "Lincoln"sv, "Dufferin"sv, "Bathurst"sv, "Simcoe"sv};
constexpr std::array street_kinds{"Street"sv, "Avenue"sv,   "Road"sv,      "Drive"sv, "Lane"sv,
                                  "Court"sv,  "Crescent"sv, "Boulevard"sv, "Place"sv, "Way"sv};
constexpr std::array cities{"Toronto"sv,  "Montréal"sv,    "Calgary"sv,     "Ottawa"sv,        "Edmonton"sv,
                            "Winnipeg"sv, "Mississauga"sv, "Vancouver"sv,   "Brampton"sv,      "Hamilton"sv,
                            "Surrey"sv,   "Québec"sv,      "Halifax"sv,     "Laval"sv,         "London"sv,
                            "Markham"sv,  "Gatineau"sv,    "Saskatoon"sv,   "Kitchener"sv,     "Burnaby"sv,
                            "Windsor"sv,  "Regina"sv,      "Thunder Bay"sv, "Niagara Falls"sv, "Kingston"sv};
constexpr std::array provinces{"ON"sv, "QC"sv, "AB"sv, "ON"sv, "AB"sv, "MB"sv, "ON"sv, "BC"sv, "ON"sv,
                               "ON"sv, "BC"sv, "QC"sv, "NS"sv, "QC"sv, "ON"sv, "ON"sv, "QC"sv, "SK"sv,
                               "ON"sv, "BC"sv, "ON"sv, "SK"sv, "ON"sv, "ON"sv, "ON"sv};
constexpr std::array mail_hosts{"gmail.com"sv,  "outlook.com"sv, "yahoo.ca"sv,  "hotmail.com"sv,  "sympatico.ca"sv,
                                "rogers.com"sv, "icloud.com"sv,  "proton.me"sv, "fastmail.com"sv, "bell.net"sv};

std::string two(std::uint64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

std::string surname(Dice& dice) {
  if (dice.chance(0.45)) return std::string(family[dice.ranked(family.size())]);
  return std::string(dice.any(heads)) + std::string(dice.any(tails));
}

std::string postcode(Dice& dice, std::size_t city) {
  // The first half belongs to the city, as in life; D, F, I, O, Q and U are not used.
  constexpr std::string_view used = "ABCEGHJKLMNPRSTVWXYZ";
  std::string code;
  const std::string_view province = provinces[city];
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> first_letters{
      {{"ON", "KLMNP"}, {"QC", "GHJ"}, {"AB", "T"}, {"BC", "V"}, {"MB", "R"}, {"NS", "B"}, {"SK", "S"}}};
  for (const auto& [name, of_province] : first_letters) {
    if (name == province) code.push_back(of_province[city % of_province.size()]);
  }
  code.push_back(static_cast<char>('1' + city % 9));
  code.push_back(used[(city * 3 + dice.below(6)) % used.size()]);
  code += ' ';
  code.push_back(static_cast<char>('0' + dice.below(10)));
  code.push_back(used[dice.below(used.size())]);
  code.push_back(static_cast<char>('0' + dice.below(10)));
  return code;
}

void move_to(Dice& dice, InventedRecord& record) {
  const std::size_t city = dice.ranked(cities.size());
  record.line = std::to_string(1 + dice.below(dice.chance(0.5) ? 200 : 3000)) + " ";
  // A city has more streets than the words above: numbered ones and composed ones fill it.
  if (dice.chance(0.35))
    record.line += std::string(dice.any(heads)) + std::string(dice.any(tails));
  else
    record.line += street_names[dice.ranked(street_names.size())];
  record.line += " " + std::string(dice.any(street_kinds));
  if (dice.chance(0.25)) record.line += " Apt " + std::to_string(1 + dice.below(900));
  record.city = cities[city];
  record.province = provinces[city];
  record.postal_code = postcode(dice, city);
}

std::string phone(Dice& dice) {
  constexpr std::array areas{"905"sv, "416"sv, "613"sv, "519"sv, "705"sv, "807"sv, "647"sv, "289"sv};
  return std::string(dice.any(areas)) + std::to_string(200 + dice.below(799)) + two(dice.below(100)) +
         two(dice.below(100));
}

std::string email(Dice& dice, const InventedRecord& record) {
  std::string first, last;
  for (const char c : ascii_lower(record.first))
    if (c >= 'a' && c <= 'z') first.push_back(c);
  for (const char c : ascii_lower(record.last))
    if (c >= 'a' && c <= 'z') last.push_back(c);
  if (first.empty()) first = "x";
  std::string local = dice.chance(0.5) ? first + "." + last : first.substr(0, 1) + last;
  if (dice.chance(0.6)) local += std::to_string(dice.below(100));
  return local + "@" + std::string(mail_hosts[dice.ranked(mail_hosts.size())]);
}

std::string date_text(int year, std::uint64_t month, std::uint64_t day) {
  return std::to_string(year) + "-" + two(month) + "-" + two(day);
}

std::string first_name(Dice& dice, bool woman) {
  return std::string(woman ? female[dice.ranked(female.size())] : male[dice.ranked(male.size())]);
}

void own_identity(Dice& dice, InventedPerson& person, bool woman, int year) {
  auto& t = person.truth;
  t.gender = woman ? "female" : "male";
  t.first = first_name(dice, woman);
  if (dice.chance(0.7)) t.middle = first_name(dice, woman);
  person.birth_year = year;
  t.birth = date_text(year, 1 + dice.below(12), 1 + dice.below(28));
}

// Where many live under one address and one telephone.
struct Institution {
  std::string line, city, postal_code, phone;
};
Institution institution(const GenerateOptions& options, std::uint64_t number) {
  Dice dice(options.seed * 7919 + number);
  InventedRecord place;
  move_to(dice, place);
  return {place.line, place.city, place.postal_code, phone(dice)};
}

}  // namespace

std::size_t Dice::ranked(std::size_t size) {
  // Rank r with weight 1 / (r + 8): the commonest name is a few per cent, as in census tables.
  const double u = static_cast<double>(random_.next() >> 11) * 0x1.0p-53;
  const double n = static_cast<double>(size);
  const double rank = 8.0 * (std::pow((n + 8.0) / 8.0, u) - 1.0);
  return std::min(size - 1, static_cast<std::size_t>(rank));
}

std::vector<InventedPerson> invent_household(Dice& dice, const GenerateOptions& options, std::uint64_t first_number,
                                             std::uint64_t household) {
  std::vector<InventedPerson> members(1);
  InventedRecord home;
  move_to(dice, home);
  const std::string home_phone = phone(dice);
  const std::string name = surname(dice);
  const auto year = options.year_now - 20 - static_cast<int>(dice.below(65));
  own_identity(dice, members[0], dice.chance(0.5), year);
  members[0].truth.last = name;
  // Three in ten people live with somebody who is on file as well.
  if (dice.chance(0.16)) {
    const bool woman = members[0].truth.gender == "female";
    if (dice.chance(0.7)) {
      InventedPerson partner;
      own_identity(dice, partner, !woman, year + static_cast<int>(dice.below(9)) - 4);
      partner.truth.last = dice.chance(0.75) ? name : surname(dice);
      members.push_back(partner);
    }
    const auto children = dice.below(3) + (members.size() == 1 ? 1 : 0);
    for (std::uint64_t i = 0; i < children; ++i) {
      InventedPerson child;
      const auto child_year = std::min(options.year_now - 1, year + 20 + static_cast<int>(dice.below(20)));
      own_identity(dice, child, dice.chance(0.5), child_year);
      const auto taken = [&](const std::string& wanted) {
        return std::any_of(members.begin(), members.end(),
                           [&](const auto& other) { return other.truth.first == wanted; });
      };
      while (taken(child.truth.first)) child.truth.first = first_name(dice, child.truth.gender == "female");
      child.truth.last = dice.chance(0.93) ? name : surname(dice);
      if (child.truth.gender == "male" && !woman && i == 0 && dice.chance(0.12)) {
        child.truth.first = members[0].truth.first;
        child.truth.middle = members[0].truth.middle;
        child.junior = true;
        child.truth.suffix = "Jr";
        members[0].truth.suffix = dice.chance(0.5) ? "Sr" : "";
      }
      members.push_back(child);
      if (!dice.chance(0.06)) continue;
      InventedPerson twin = members.back();
      members.back().twin = twin.twin = true;
      twin.junior = false;
      twin.truth.suffix.clear();
      const bool girl = dice.chance(0.35) ? twin.truth.gender != "female" : twin.truth.gender == "female";
      twin.truth.gender = girl ? "female" : "male";
      // Parents like names that go together, which is what makes twins hard.
      std::string own = first_name(dice, girl);
      for (int tries = 0; dice.chance(0.25) && tries < 20 && own[0] != members.back().truth.first[0]; ++tries)
        own = first_name(dice, girl);
      while (taken(own)) own = first_name(dice, girl);
      twin.truth.first = own;
      twin.truth.middle = dice.chance(0.7) ? first_name(dice, girl) : "";
      members.push_back(twin);
    }
  }
  const std::uint64_t places = 1 + options.persons / 1500;
  const bool sheltered = members.size() == 1 && dice.chance(0.04);
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto& t = members[i].truth;
    members[i].number = first_number + i;
    members[i].household = household;
    t.person = std::to_string(members[i].number);
    t.household = std::to_string(household);
    t.line = home.line;
    t.city = home.city;
    t.province = home.province;
    t.postal_code = home.postal_code;
    const bool child = members[i].birth_year > options.year_now - 16;
    t.phone = child || dice.chance(0.35) ? home_phone : phone(dice);
    if (dice.chance(0.3)) t.alternate = home_phone == t.phone ? phone(dice) : home_phone;
    if (!child && dice.chance(0.75)) t.email = email(dice, t);
    if (child && i > 0) t.email = dice.chance(0.3) ? members[0].truth.email : "";
    t.health_number = std::to_string(1000000000ULL + dice.below(8999999999ULL));
    if (sheltered) {
      const auto place = institution(options, dice.below(places));
      t.line = place.line;
      t.city = place.city;
      t.postal_code = place.postal_code;
      if (dice.chance(0.7)) t.phone = place.phone;
    }
  }
  return members;
}

Result<Json> generate_file(const std::string& path, const GenerateOptions& options) {
  const std::string partial = path + ".partial";
  std::ofstream out(partial, std::ios::binary | std::ios::trunc);
  const auto failed = [&] {
    return Error{Kind::unavailable, "people.file.unwritable", "The file " + path + " cannot be written.", path};
  };
  if (!out) return failed();
  out << "rec_id,person,household,first_name,middle_name,last_name,former_name,suffix,birth_date,gender,line,city,"
         "province,postal_code,phone,"
         "alternate_phone,email,health_number\n";
  Dice dice(options.seed);
  std::int64_t records = 0, persons = 0, households = 0, twins = 0, juniors = 0, alone = 0;
  while (static_cast<std::uint64_t>(persons) < options.persons) {
    auto members = invent_household(dice, options, static_cast<std::uint64_t>(persons) + 1,
                                    static_cast<std::uint64_t>(households) + 1);
    ++households;
    for (const auto& person : members) {
      if (static_cast<std::uint64_t>(persons) == options.persons) break;
      ++persons;
      twins += person.twin ? 1 : 0;
      juniors += person.junior ? 1 : 0;
      const auto roll = dice.below(100);
      const int count = roll < 50 ? 1 : roll < 78 ? 2 : roll < 91 ? 3 : roll < 97 ? 4 : 5;
      alone += count == 1 ? 1 : 0;
      for (int i = 0; i < count; ++i) {
        const auto r = invent_record(dice, options, person, static_cast<std::uint64_t>(++records), i == 0);
        bool at_start = true;
        for (const auto* field :
             {&r.id, &r.person, &r.household, &r.first, &r.middle, &r.last, &r.former, &r.suffix, &r.birth, &r.gender,
              &r.line, &r.city, &r.province, &r.postal_code, &r.phone, &r.alternate, &r.email, &r.health_number}) {
          if (!at_start) out << ',';
          at_start = false;
          out << csv_field(*field);
        }
        out << '\n';
      }
    }
    if (options.progress && households % 512 == 0)
      options.progress(static_cast<std::uint64_t>(persons), options.persons);
  }
  out.close();
  std::error_code status;
  if (!out.fail()) std::filesystem::rename(partial, path, status);
  if (out.fail() || status) {
    std::filesystem::remove(partial, status);
    return failed();
  }
  return Json::object({{"records", records},
                       {"persons", persons},
                       {"personsWithOneRecord", alone},
                       {"households", households},
                       {"twins", twins},
                       {"juniors", juniors},
                       {"seed", static_cast<std::int64_t>(options.seed)}});
}

std::string_view generated_columns() {
  return R"toml(# Column map of a generated file. The true person is in the column `person`, the household in `household`.
# The health number makes the task easy; add it with
#   identifiers = [{ system = "urn:health-number", text = "{health_number}" }]
id = "{rec_id}"

[columns]
firstName = "{first_name}"
middleName = "{middle_name}"
lastName = "{last_name}"
formerName = "{former_name}"
suffix = "{suffix}"
birthDate = { text = "{birth_date}", format = "%Y-%m-%d" }
gender = "{gender}"
address.line = "{line}"
address.city = "{city}"
address.province = "{province}"
address.postalCode = "{postal_code}"
phones.main = "{phone}"
phones.alternate = "{alternate_phone}"
email = "{email}"
)toml";
}

}  // namespace handoff::people
