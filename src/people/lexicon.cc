#include "people/lexicon.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "people/record.h"

namespace handoff::people {
namespace {

using namespace std::string_view_literals;

// One line a group, the full form first. Spelling variants that are pronounced alike are left to the phonetic level.
constexpr std::array groups{
    "robert rob robbie bob bobby bert"sv,
    "william will willy willie bill billy liam"sv,
    "richard rich rick ricky dick"sv,
    "james jim jimmy jamie"sv,
    "john jack johnny jon"sv,
    "jonathan jon jonny johnathan jonathon"sv,
    "joseph joe joey jo"sv,
    "thomas tom tommy"sv,
    "charles charlie chuck chas chip"sv,
    "edward ed eddie ned ted teddy"sv,
    "edwin ed eddie"sv,
    "edmund ed ned"sv,
    "theodore ted teddy theo"sv,
    "michael mike mick mickey micky mitch"sv,
    "christopher chris topher kit kris kristopher"sv,
    "christian chris"sv,
    "matthew matt matty"sv,
    "matthias matt"sv,
    "nicholas nick nicky nicolas klaus"sv,
    "anthony tony ant"sv,
    "antonio tony toni"sv,
    "andrew andy drew"sv,
    "andreas andy"sv,
    "daniel dan danny"sv,
    "david dave davey davy"sv,
    "stephen steve stevie steven"sv,
    "stefan steve steffen"sv,
    "peter pete"sv,
    "patrick pat paddy rick"sv,
    "patricia pat patty trish tricia trisha patsy"sv,
    "benjamin ben benny benji"sv,
    "alexander alex al sandy sasha xander lex alec"sv,
    "alexandra alex sandra sandy lexi sasha"sv,
    "albert al bert bertie"sv,
    "alfred al alf fred freddie"sv,
    "frederick fred freddie freddy rick fritz"sv,
    "francis frank fran frankie"sv,
    "franklin frank"sv,
    "frances fran francie frankie fanny"sv,
    "gregory greg gregg"sv,
    "george georgie"sv,
    "gerald gerry jerry"sv,
    "gerard gerry"sv,
    "jeremy jerry jem"sv,
    "jeremiah jerry jeremy"sv,
    "geoffrey geoff jeff"sv,
    "jeffrey jeff geoff"sv,
    "henry hank harry hal"sv,
    "harold harry hal"sv,
    "harrison harry"sv,
    "lawrence larry laurie lars"sv,
    "leonard len lenny leo"sv,
    "leonardo leo"sv,
    "louis lou louie lewis"sv,
    "louise lou"sv,
    "samuel sam sammy"sv,
    "samantha sam sammy"sv,
    "simon si"sv,
    "timothy tim timmy"sv,
    "vincent vince vinny vin"sv,
    "victor vic vick"sv,
    "victoria vicky vicki tori vic"sv,
    "walter walt wally"sv,
    "raymond ray"sv,
    "ronald ron ronnie"sv,
    "donald don donnie"sv,
    "douglas doug"sv,
    "kenneth ken kenny"sv,
    "phillip phil pip philip"sv,
    "russell russ"sv,
    "roger rog"sv,
    "rodney rod"sv,
    "roderick rod rory"sv,
    "stanley stan"sv,
    "terence terry"sv,
    "theresa terry tess tessa teresa tracy"sv,
    "zachary zach zack zak"sv,
    "joshua josh"sv,
    "jacob jake jack jakob"sv,
    "isaac ike zac"sv,
    "isabella bella izzy isabel isabelle belle"sv,
    "elizabeth liz lizzie beth betty betsy eliza lisa libby bess elsie liza liesel"sv,
    "margaret maggie meg peggy marge margie greta daisy rita megan peg madge"sv,
    "katherine kate kathy katie kat kitty katy catherine kathleen kathryn cathy cate kay"sv,
    "catherine cathy kate katie cat cate"sv,
    "kathleen kathy kate katie"sv,
    "jennifer jen jenny jenn"sv,
    "jessica jess jessie"sv,
    "rebecca becca becky bec"sv,
    "deborah deb debbie debra"sv,
    "dorothy dot dottie dolly dora"sv,
    "barbara barb babs barbie"sv,
    "susan sue susie suzy susanna susanne suzanne"sv,
    "suzanne sue suzie"sv,
    "sarah sally sadie sara"sv,
    "mary molly polly mae mamie maria marie may"sv,
    "martha marty mattie"sv,
    "martin marty"sv,
    "nancy nan ann"sv,
    "anne annie nan nancy ann anna"sv,
    "annabel anna bella belle"sv,
    "angela angie ang"sv,
    "amanda mandy"sv,
    "abigail abby gail abbie"sv,
    "alice allie ali"sv,
    "alison ali allie"sv,
    "amelia amy millie mia"sv,
    "emily em emmy millie"sv,
    "emma em emmie"sv,
    "beatrice bea trixie"sv,
    "caroline carrie caro carol"sv,
    "charlotte lottie charlie lotte"sv,
    "christina chris tina chrissie christine kristina"sv,
    "christine chris tina chrissie christina"sv,
    "cynthia cindy"sv,
    "lucinda lucy cindy"sv,
    "lucille lucy lou"sv,
    "eleanor ellie nell nora nellie ella lena"sv,
    "ellen nell ellie nellie"sv,
    "helen nell ellen lena nellie"sv,
    "florence flo florrie flossie"sv,
    "gabrielle gabby gabi"sv,
    "gabriel gabe"sv,
    "georgina georgie gina"sv,
    "grace gracie"sv,
    "jacqueline jackie"sv,
    "jane janie jenny"sv,
    "janet jan"sv,
    "janice jan"sv,
    "jean jeannie"sv,
    "joan joanie"sv,
    "joanna jo joanne"sv,
    "josephine jo josie"sv,
    "judith judy jude"sv,
    "julia julie jules"sv,
    "juliana julie jules"sv,
    "kimberly kim kimmy"sv,
    "laura laurie"sv,
    "lillian lily lil lilly"sv,
    "linda lindy lyn"sv,
    "lorraine lori"sv,
    "madeline maddie maddy"sv,
    "madison maddie maddy"sv,
    "melissa mel missy lissa"sv,
    "melanie mel"sv,
    "melvin mel"sv,
    "michelle shelly mickey"sv,
    "natalie nat nattie"sv,
    "nathaniel nate nat nathan"sv,
    "nathan nate nat"sv,
    "nicole nicky nikki nic"sv,
    "olivia liv livvy ollie"sv,
    "oliver ollie olly noll"sv,
    "pamela pam"sv,
    "penelope penny"sv,
    "rachel rach"sv,
    "rosemary rose rosie"sv,
    "roberta bobbie"sv,
    "sandra sandy"sv,
    "sophia sophie sofie sofia"sv,
    "stephanie steph stevie"sv,
    "sylvia syl"sv,
    "tabitha tabby"sv,
    "valerie val"sv,
    "veronica ronnie vera"sv,
    "virginia ginny ginger"sv,
    "winifred winnie fred"sv,
    "yvonne vonnie"sv,
    "abraham abe bram"sv,
    "adam ad"sv,
    "arthur art artie"sv,
    "augustus gus august"sv,
    "bartholomew bart"sv,
    "bernard bernie"sv,
    "bradley brad"sv,
    "calvin cal"sv,
    "cameron cam"sv,
    "clifford cliff"sv,
    "clinton clint"sv,
    "cornelius neil corny"sv,
    "curtis curt"sv,
    "dominic dom nick"sv,
    "eugene gene"sv,
    "ernest ernie"sv,
    "elijah eli"sv,
    "emanuel manny emmanuel manuel"sv,
    "ezekiel zeke"sv,
    "gilbert gil bert"sv,
    "herbert herb bert"sv,
    "howard howie"sv,
    "hugh huey hugo"sv,
    "ignatius iggy nacho ignacio"sv,
    "jason jay jase"sv,
    "jesse jess"sv,
    "jose pepe joseph"sv,
    "juan john"sv,
    "francisco paco pancho frank cisco"sv,
    "guillermo memo william"sv,
    "eduardo lalo eddie edward"sv,
    "alejandro alex ale"sv,
    "enrique kike henry"sv,
    "jesus chuy"sv,
    "guadalupe lupe lupita"sv,
    "dolores lola"sv,
    "maria mari mary marie"sv,
    "rosario charo"sv,
    "mohammed mohamed muhammad mohammad mohamad mo"sv,
    "ahmed ahmad"sv,
    "yusuf yousef youssef joseph"sv,
    "ibrahim abraham"sv,
    "aleksandr sasha alex aleksander"sv,
    "dmitri dima mitya dmitry"sv,
    "ivan vanya"sv,
    "mikhail misha michael"sv,
    "nikolai kolya"sv,
    "ekaterina katya kate"sv,
    "anastasia nastya stacy"sv,
    "natalia natasha natalya"sv,
    "tatiana tanya"sv,
    "vladimir vova volodya vlad"sv,
    "johannes hans johann"sv,
    "friedrich fritz"sv,
    "heinrich heinz heiner"sv,
    "giuseppe beppe joseph"sv,
    "giovanni gianni john"sv,
    "jean-pierre jp"sv,
    "rajesh raj"sv,
    "rajendra raj"sv,
    "harpreet harry preet"sv,
    "gurpreet preet"sv,
    "nguyet nga"sv,
    "randall randy"sv,
    "randolph randy"sv,
    "reginald reg reggie"sv,
    "rudolph rudy"sv,
    "salvatore sal"sv,
    "sebastian seb bas"sv,
    "sidney sid"sv,
    "solomon sol"sv,
    "spencer spence"sv,
    "sylvester sly"sv,
    "terrence terry"sv,
    "tobias toby"sv,
    "wallace wally"sv,
    "wesley wes"sv,
    "wilfred will fred"sv,
    "winston win"sv,
    "gwendolyn gwen"sv,
    "harriet hattie harry"sv,
    "henrietta etta hettie"sv,
    "hannah anna"sv,
    "irene rene"sv,
    "kristen kris kristin"sv,
    "leticia tish letty"sv,
    "marilyn mary lyn"sv,
    "marjorie marge margie"sv,
    "mildred millie"sv,
    "minerva minnie"sv,
    "wilhelmina minnie mina billie"sv,
    "phyllis phyl"sv,
    "priscilla cilla"sv,
    "regina gina"sv,
    "rosalind rose roz"sv,
    "ruth ruthie"sv,
    "shirley shirl"sv,
    "susannah sue anna"sv,
    "vivian viv"sv,
    "yolanda yoli"sv,
    "zoe zo"sv,
};

struct Nicknames {
  std::unordered_map<std::string_view, NicknameGroups> of;
  std::vector<std::vector<std::string_view>> members;
};

const Nicknames& nicknames() {
  static const Nicknames table = [] {
    Nicknames made;
    made.members.emplace_back();
    for (const auto line : groups) {
      const auto number = static_cast<std::uint16_t>(made.members.size());
      std::vector<std::string_view> names;
      for (std::size_t at = 0; at < line.size();) {
        const auto end = std::min(line.find(' ', at), line.size());
        names.push_back(line.substr(at, end - at));
        at = end + 1;
      }
      for (const auto name : names) {
        auto& slots = made.of[name].group;
        for (auto& slot : slots) {
          if (slot == number) break;
          if (slot == 0) {
            slot = number;
            break;
          }
        }
      }
      made.members.push_back(std::move(names));
    }
    return made;
  }();
  return table;
}

using Words = std::unordered_set<std::string_view>;
bool among(const Words& words, std::string_view word) { return words.contains(word); }

}  // namespace

NicknameGroups nickname_groups(std::string_view folded_name) {
  const auto& table = nicknames().of;
  // Most names have no short form, which one bit tells.
  static const auto likely = [&] {
    std::bitset<1 << 16> bits;
    for (const auto& [name, groups] : table) bits.set(hash_text(name) & 0xFFFF);
    return bits;
  }();
  if (!likely.test(hash_text(folded_name) & 0xFFFF)) return {};
  const auto found = table.find(folded_name);
  return found == table.end() ? NicknameGroups{} : found->second;
}

const std::vector<std::string_view>& nicknames_of(std::uint16_t group) {
  const auto& members = nicknames().members;
  return group < members.size() ? members[group] : members[0];
}

std::uint8_t generation(std::string_view word) {
  if (word == "sr" || word == "senior" || word == "i" || word == "1st") return 1;
  if (word == "jr" || word == "junior" || word == "ii" || word == "2nd") return 2;
  if (word == "iii" || word == "3rd") return 3;
  if (word == "iv" || word == "4th") return 4;
  if (word == "v" || word == "5th") return 5;
  return 0;
}

bool is_title(std::string_view word) {
  static const Words titles{"mr",  "mrs",  "ms", "miss", "dr", "prof", "rev",
                            "sir", "dame", "mx", "phd",  "md", "esq",  "rn"};
  return among(titles, word);
}

bool is_particle(std::string_view word) {
  static const Words particles{"van", "von", "der", "den", "de",  "del", "della", "di",   "da",  "dos",
                               "du",  "la",  "le",  "al",  "el",  "bin", "ibn",   "bint", "mac", "mc",
                               "o",   "d",   "st",  "ter", "ten", "af",  "av",    "zu",   "abu", "ben"};
  return among(particles, word);
}

bool is_filler_name_word(std::string_view word) {
  static const Words fillers{"unk",      "unknown",     "unkown",     "none",      "test",        "tester",  "testing",
                             "null",     "nil",         "na",         "anonymous", "anon",        "missing", "notknown",
                             "noname",   "unnamed",     "newborn",    "nbn",       "undisclosed", "refused", "declined",
                             "withheld", "xxx",         "xx",         "zzz",       "nfn",         "nln",     "fnu",
                             "lnu",      "nofirstname", "nolastname", "patient"};
  return among(fillers, word);
}

namespace {

bool all_infant(std::string_view text) {
  static const Words infants{"baby", "boy",   "girl", "babyboy", "babygirl", "twin",    "infant", "male",    "female",
                             "a",    "b",     "c",    "d",       "of",       "newborn", "child",  "triplet", "one",
                             "two",  "three", "1",    "2",       "3",        "i",       "ii",     "iii"};
  bool any = false;
  for (const auto& word : split(text, ' ')) {
    if (!among(infants, word)) return false;
    any = any || (word.size() >= 3 && word != "one" && word != "two" && word != "three" && word != "iii");
  }
  return any;
}

}  // namespace

bool is_filler_given(std::string_view given) {
  for (const std::string_view mother_of :
       {"baby of ", "babyboy of ", "babygirl of ", "baby boy of ", "baby girl of "}) {
    if (given.starts_with(mother_of)) return true;
  }
  return all_infant(given);
}

bool is_filler_person(std::string_view given, std::string_view family) {
  if ((given == "john" || given == "jane" || given == "baby" || given == "johnny") && family == "doe") return true;
  return all_infant(given) && (family.empty() || all_infant(family));
}

bool is_filler_digits(std::string_view digits) {
  if (digits.size() < 4) return false;
  if (std::all_of(digits.begin(), digits.end(), [&](char c) { return c == digits.front(); })) return true;
  static constexpr std::string_view up = "01234567890123456789", down = "98765432109876543210";
  return digits.size() >= 7 &&
         (up.find(digits) != std::string_view::npos || down.find(digits) != std::string_view::npos);
}

bool is_filler_email(std::string_view local, std::string_view domain) {
  static const Words locals{"noreply", "no reply", "donotreply",     "none",     "noemail", "na",         "unknown",
                            "test",    "nomail",   "noemailaddress", "declined", "refused", "notprovided"};
  return among(locals, local) || domain == "none com" || domain == "noemail com" || domain == "example invalid";
}

std::string_view street_word(std::string_view word) {
  static const std::unordered_map<std::string_view, std::string_view> short_forms{
      {"street", "st"},    {"str", "st"},         {"avenue", "ave"},   {"av", "ave"},        {"road", "rd"},
      {"drive", "dr"},     {"drv", "dr"},         {"lane", "ln"},      {"court", "ct"},      {"crt", "ct"},
      {"place", "pl"},     {"boulevard", "blvd"}, {"boul", "blvd"},    {"crescent", "cres"}, {"cr", "cres"},
      {"cresent", "cres"}, {"parkway", "pkwy"},   {"pky", "pkwy"},     {"highway", "hwy"},   {"square", "sq"},
      {"terrace", "ter"},  {"tce", "ter"},        {"terr", "ter"},     {"circle", "cir"},    {"circuit", "cct"},
      {"cirt", "cct"},     {"close", "cl"},       {"trail", "trl"},    {"way", "wy"},        {"gardens", "gdns"},
      {"grove", "grv"},    {"heights", "hts"},    {"north", "n"},      {"south", "s"},       {"east", "e"},
      {"west", "w"},       {"northeast", "ne"},   {"northwest", "nw"}, {"southeast", "se"},  {"southwest", "sw"},
      {"mount", "mt"},     {"saint", "st"},       {"fort", "ft"},      {"esplanade", "esp"}, {"parade", "pde"},
      {"rue", "rue"},      {"chemin", "ch"}};
  const auto found = short_forms.find(word);
  return found == short_forms.end() ? word : found->second;
}

bool is_street_type(std::string_view word) {
  static const Words types{"st",  "ave", "rd",  "dr", "ln",  "ct", "pl",   "blvd", "cres", "pkwy", "hwy", "sq",
                           "ter", "cir", "cct", "cl", "trl", "wy", "gdns", "grv",  "rue",  "ch",   "pde", "esp"};
  return among(types, street_word(word));
}

bool is_unit_word(std::string_view word) {
  static const Words units{"apt", "apartment", "unit",     "suite", "ste",  "room", "rm",     "flat", "floor",
                           "fl",  "bldg",      "building", "lot",   "trlr", "appt", "bureau", "apmnt"};
  return among(units, word);
}

}  // namespace handoff::people
