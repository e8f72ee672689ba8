"""The words that made-up screen names, hashtags and texts are put together from."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan
    joseph jessica thomas sarah carlos karen daniel lisa matthew nancy anthony betty mark sandra donald
    ashley steven emily andrew donna paul michelle joshua carol kenneth amanda kevin melissa brian deborah
    george stephanie timothy rebecca ronald sharon jason laura edward cynthia jeffrey amy ryan kathleen jacob
    angela gary shirley nicholas emma eric brenda jonathan pamela stephen nicole larry anna justin samantha
    scott katherine brandon christine ben debra samuel rachel gregory carolyn alex janet frank maria ray
    heather jack diane dennis julie jerry joyce tyler victoria aaron kelly jose christina adam joan nathan
    evelyn henry lauren doug judith zach olivia peter martha kyle cheryl noah megan ethan andrea jeremy ann
    walter alice chris jean keith jacqui roger hannah terry doris austin kathryn sean gloria gerald teresa
    carl sara dylan janice harold julia jordan grace jesse judy bryan theresa lawrence beverly arthur rose
    gabriel denise bruce marilyn logan amber billy danielle joe brittany alan diana juan natalie elijah
    sophia willie alexis albert lori wayne kayla randy jane mason isabel vincent ana liam lucia omar fatima
    ahmed aisha ivan olga pedro elena luca giulia hans ingrid yuki kenji priya arjun wei mei
    """
)

LAST_NAMES = _words(
    """
    smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson
    anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis
    robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall
    rivera campbell mitchell carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes
    stewart morris morales murphy cook rogers gutierrez ortiz morgan cooper peterson bailey reed kelly howard
    ramos kim cox ward richards watson brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez
    castillo sanders patel myers long ross foster jimenez powell jenkins perry russell sullivan bell coleman
    butler henderson barnes gonzales fisher vasquez simmons romero jordan patterson alexander hamilton graham
    reynolds griffin wallace moreno west cole hayes bryant herrera gibson ellis tran medina aguilar stevens
    murray ford castro marshall owens harrison fernandez mcdonald woods washington kennedy wells vargas henry
    chen freeman webb tucker guzman burns crawford olson simpson porter hunter gordon mendez silva shaw snyder
    mason dixon munoz hunt hicks holmes palmer wagner black robertson boyd stone salazar fox warren mills
    rice schmidt daniels ferguson nichols stephens soto weaver ryan gardner payne grant dunn kelley spencer
    ivanov petrov rossi bianchi muller weber tanaka sato singh kumar wang zhang haddad nasser kowalski novak
    """
)

# Rarer surnames are a stem and an ending, such as `ashworth` or `stonefield`.
SURNAME_STEMS = _words(
    """
    ash oak black white green gold silver stone wood hill brook river marsh moor ell har wal bur
    hol lang win ber ros kel ren tal dun wes nor sut bar mil
    """
)
SURNAME_ENDINGS = _words(
    """
    worth field ford man son ton ham ley well wood berg stein er ing ridge more bury wick stead shaw
    """
)

FIRST_WORDS = _words(
    """
    blue red green golden silver brave free proud happy lucky wild quiet silent cosmic electric urban rural
    northern southern eastern western royal noble rapid swift clever gentle mighty tiny giant sunny stormy
    frosty misty daily weekly modern classic retro neon solar lunar stellar digital analog crypto real true
    honest loyal patriot liberty american texas florida midwest london global local super mega ultra hyper
    coffee music movie soccer hockey tennis fishing hiking gaming coding reading cooking travel garden
    """
)
SECOND_WORDS = _words(
    """
    eagle wolf tiger lion bear hawk falcon raven fox otter whale shark dolphin panda koala horse pony rider
    runner walker hunter fisher gamer coder reader writer singer dancer baker maker builder dreamer thinker
    watcher voter news times post report press radio daily voice fan lover mom dad girl guy kid queen king
    star moon sun sky cloud storm rain river ocean island mountain forest garden house street road bridge
    nation state people citizen patriot rebel pirate ninja wizard knight captain doctor teacher nurse
    """
)

# No word is the start of another, so that joined words can never be read in two ways.
TOPICS = _words(
    """
    vote election news climate health science school sports music movie travel food coffee garden market
    money crypto energy water ocean forest city train bridge winter summer spring festival holiday family
    community future history culture justice freedom peace truth media privacy digital robot space rocket
    weather storm football hockey tennis olympics fashion beauty fitness mental sleep book poetry photo art
    design startup career teacher student nurse doctor farmer worker citizen mayor budget tax housing traffic
    airport border europe africa london texas florida japan brazil monday friday weekend morning tonight
    """
)

TEXT_WORDS = _words(
    """
    the a of to and in is it that for on with as was at by this from they we you are be have not but what all
    people about just like now new more when time see how our out today know good think day really need want
    going make great right never still back over after world year every home why life always believe share
    thank read watch listen please someone everyone nothing something happened breaking update official
    report story video live city local national support against change because before around again maybe
    """
)
