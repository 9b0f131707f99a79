#include "people/given_names.h"

#include <algorithm>
#include <unordered_set>

#include "people/lexicon.h"

namespace handoff::people {
namespace {

// Folded, by what many registries of births list most; many tongues, as the people who are referred are.
constexpr std::string_view names =
    "aaliyah aaron abdul abdullah abigail ada adam adan adele adeline adrian adriana aditi aditya agnes ahmed aidan "
    "aiden "
    "aisha akira alan alana alba albert alberto alejandra alejandro alessandra alessandro alex alexa alexander "
    "alexandra "
    "alexis alfonso alfred ali alice alicia alina alisha alison aliya alma alvin amal amalia amanda amani amara amber "
    "amelia amina amir amira amit amy ana anastasia anders andre andrea andreas andrei andrew angel angela angelica "
    "angelina angelo angus anika anil anita anja anjali anna annabel anne annette annie anthony antoine anton antonia "
    "antonio anya april arash archie aria ariana ariel arjun armando arnold arthur arturo arun asha asher ashley asma "
    "astrid athena aubrey audrey august aurora austin autumn ava avery aya ayaan ayesha ayla aylin barbara barry basil "
    "bastian beatrice beatriz becky bella ben benjamin bernard bernice bertha beth bethany betty beverly bianca bilal "
    "bill blake bonnie boris bradley brandon breanna brenda brendan brian briana bridget brigitte brittany brooke "
    "bruce "
    "bruno bryan caleb calvin cameron camila camilla camille candace cara carina carl carla carlo carlos carmen carol "
    "carolina caroline carolyn carrie carter casey cassandra catalina catherine cecilia cedric celeste celia celine "
    "cesar chad chandra chantal charles charlie charlotte chelsea cheryl chiara chloe chris christian christina "
    "christine christopher cindy claire clara clarence clark claude claudia clayton clement cody cole colette colin "
    "colleen connie connor conor constance cora corey corinne cory courtney craig crystal curtis cynthia daisy dakota "
    "dale dalia damian damien damon dan dana daniel daniela danielle danny daphne darius darla darlene darrell darren "
    "darryl dave david dawn dean deanna debbie deborah debra declan deepa deepak delia denis denise dennis derek diana "
    "diane diego dillon dimitri dina dinah dirk dolores dominic dominique donald donna dora doreen doris dorothy doug "
    "douglas drew duncan dustin dwayne dylan earl ed eddie edgar edith edmund eduardo edward edwin eileen elaine elena "
    "eli elia eliana elias elijah elin elina elisa elisabeth elise eliza elizabeth ella ellen ellie eloise elsa elsie "
    "elvira emil emile emilia emilie emilio emily emma emmanuel enrique eric erica erik erika erin ernest esme esther "
    "ethan eugene eva evan evelyn ezra fabian faisal faith fatima fatma faye felicia felix fernanda fernando filip "
    "fiona "
    "flora florence frances francesca francesco francis francisco francois frank franz fred freda frederick frida "
    "gabriel gabriela gabriella gabrielle gail gareth garry gary gavin gemma gene genevieve geoffrey george georgia "
    "georgina gerald geraldine gerard gerda gina giovanni gisela giulia gladys glen glenda glenn gloria gordon grace "
    "graham grant greg gregory greta gretchen guillermo gulnara gunnar gurpreet gustavo guy gwen hadi hailey hakim "
    "hala "
    "hamza hana hanna hannah hans harold harpreet harriet harry harvey hasan hassan hayden hazel heather hector heidi "
    "helen helena helene helga henri henrik henry herbert herman hilary hilda holly hope howard hudson hugh hugo "
    "hunter "
    "hussein ian ibrahim ida ignacio igor iman imran ina inga ingrid ioana ira irene irina iris irma isaac isabel "
    "isabella "
    "isabelle isaiah isla ismail ivan ivana ivy jack jackson jacob jacqueline jade jaden jaiden jake jamal james jamie "
    "jan "
    "jana jane janet janice janina jared jasmin jasmine jason jasper javier jay jayden jean jeanette jeanne jeff "
    "jeffrey "
    "jelena jennifer jenny jeremiah jeremy jerome jerry jesse jessica jesus jill jim jimmy joan joana joanna joanne "
    "joaquin jochen jodie joe joel johan johanna john johnny jon jonah jonas jonathan jordan jorge jose josef joseph "
    "josephine joshua joy joyce juan juana juanita judith judy julia julian juliana julie juliet julio julius june "
    "justin "
    "justine kai kaitlyn kamal karen karim karin karina karl karla kate katharina katherine kathleen kathryn kathy "
    "katie katja katrina kavita kayla keith kelly kelvin ken kendra kennedy kenneth kenny kerry kevin khadija khalid "
    "kiara "
    "kim kimberly kiran kirk kirsten krista kristen kristin kristina kumar kurt kyle kylie lana lance lara larissa "
    "larry "
    "lars laura lauren laurence laurie layla lea leah leanne lee leila lena leo leon leona leonard leonardo leroy "
    "leslie "
    "levi lewis liam lidia lila lilia lilian lillian lily lina linda lindsay lionel lisa liv liz lloyd logan lois lola "
    "lorena lorenzo loretta lori lorraine lou louis louisa louise lourdes luca lucas lucia luciana lucille lucy luis "
    "luisa "
    "lukas luke luna lydia lyla lynn mabel mackenzie madeleine madison magda magdalena maggie mahmoud maia maja "
    "malcolm "
    "malik manfred manuel manuela mara marc marcel marcela marcia marco marcos marcus margaret margarita margot mari "
    "maria "
    "mariah mariam mariana marianne marie marilyn marina mario marion marisa marissa marius marjorie mark marlene "
    "marlon "
    "marta martha martin martina marvin mary maryam mason mateo mathilda matthew matthias maura maureen maurice max "
    "maxim "
    "maxine maya megan mehmet mei melanie melinda melissa mercedes meredith mia micah michael michaela michal michel "
    "michele michelle miguel mikael mila milan mildred milena miles milo mina mira miranda mireille miriam mitchell "
    "mohamed "
    "mohammed mohsen moira molly mona monica monika monique morgan moses muhammad mustafa myra myriam nada nadia "
    "nadine nancy "
    "naomi natalia natalie natasha nathalie nathan nathaniel neil nelson nia nicholas nick nicola nicole nicolas nigel "
    "nikita "
    "nikola nils nina noah noel noelle noemi noor nora norma norman nour oksana olga oliver olivia omar oscar osman "
    "otto "
    "owen pablo paige pamela paola paolo parker pascal patricia patrick patrik paul paula paulina pauline paulo pavel "
    "pearl "
    "pedro peggy penelope penny percy perla peter petra petru philip phoebe phyllis pia pierre polly pooja pradeep "
    "preston "
    "priscilla priya quentin quinn rachel rafael rahul raisa raj rajesh ralph ramona ramon randy rania raquel raul "
    "raven "
    "ravi ray raymond rebecca regina reid rekha rene renata renee rex rhea rhonda ricardo richard rick ricky rita rob "
    "robert "
    "roberta roberto robin rocio rodney rodrigo roger rohan roland roman ron ronald ronnie rory rosa rosalie rosalind "
    "rosario "
    "rose rosemary ross rowan roxanne roy ruben ruby rudy rui rupert russell ruth ryan sabina sabine sabrina sadia "
    "said "
    "saida salim sally salma salman sam samantha sami samir samira samuel sana sandra sandy sanjay santiago sara sarah "
    "sasha "
    "saul savannah scott sean sebastian selena selma serena serge sergei sergio seth shana shane shannon sharon shaun "
    "shawn "
    "sheila shelby shelley sheryl shirley shreya sienna sierra silas silvia silvio simon simona simone sofia sonia "
    "sonja "
    "sophia sophie stacey stacy stan stanley stefan stefania stella stephanie stephen steve steven stuart sue suleiman "
    "sumaya "
    "summer sunil sunita susan susanna suzanne svetlana sven sybil sydney sylvia sylvie tamara tania tanya tara tariq "
    "tasha "
    "tatiana taylor ted teresa terence teresita terry thea theo theodore theresa thomas tiffany tim timothy tina "
    "tobias todd "
    "tom tomas tommy toni tony tracey tracy travis trevor trina trinity tristan troy tyler tyrone ulrich ulrike uma "
    "umar una "
    "ursula usman vala valentina valeria valerie vanessa vera vernon veronica veronika vicki victor victoria vijay "
    "vikram "
    "viktor viktoria vincent viola violet virginia vivian vladimir wade walid wallace walter wanda warren wayne wendy "
    "werner "
    "wesley whitney wilhelm will willa william willow wilma winston wyatt xavier ximena yana yara yasmin yasmina yosef "
    "youssef yolanda yusuf yvette yvonne zachary zahra zainab zara zaid zayd zeinab zoe zoey zoya zuzana";

}  // namespace

bool is_given_name(std::string_view folded_name) {
  static const auto known = [] {
    std::unordered_set<std::string_view> made;
    for (std::size_t at = 0; at < names.size();) {
      const auto end = std::min(names.find(' ', at), names.size());
      made.insert(names.substr(at, end - at));
      at = end + 1;
    }
    return made;
  }();
  return known.contains(folded_name) || nickname_groups(folded_name).group[0] != 0;
}

}  // namespace handoff::people
