//! The columns about schools and pupils that several presets share.

use parable_table::{Grid, Role, Strings};

use crate::design::REGIONS;
use crate::measure::logistic;
use crate::pupils::{ETHNICITIES, Sen, Term};
use crate::sheet::Entry;
use crate::world::World;

/// Unique numbers in random order, padded with zeros to one width.
pub(crate) fn pupil_id(world: &World) -> Entry {
    let rows = world.rows();
    let width = digits(rows);
    let mut texts = Strings::new();
    for number in world.streams.permutation("pupil/id", rows) {
        texts.push(&format!("{:0width$}", number + 1));
    }
    Entry::text("pupil_id", texts)
        .role(Role::UnitId)
        .label("Pupil number, in random order")
}

/// Numbers from 1, padded with zeros to at least three digits.
pub(crate) fn school_names(world: &World) -> impl Iterator<Item = String> + use<> {
    let schools = world.schools.len();
    let width = digits(schools).max(3);
    (1..=schools).map(move |school| format!("{school:0width$}"))
}

pub(crate) fn school_id(world: &World) -> Entry {
    Entry::nominal(
        "school_id",
        school_names(world),
        world.pupils.school.iter().copied(),
    )
    .role(Role::ClusterId)
    .label("School, the unit of randomisation")
}

pub(crate) fn treatment(world: &World) -> Entry {
    Entry::boolean(
        "treatment",
        ["0", "1"],
        world.pupils.treated.iter().copied(),
    )
    .role(Role::Treatment)
    .label("Whether the school was randomised to the programme")
}

pub(crate) fn treatment_desc(world: &World) -> Entry {
    let arms = world
        .pupils
        .treated
        .iter()
        .map(|&treated| usize::from(treated));
    Entry::nominal("treatment_desc", ["Control", "Intervention"], arms)
        .restates(&["treatment"])
        .label("The arm in words")
}

fn regions(world: &World) -> impl Iterator<Item = usize> + '_ {
    world
        .pupils
        .school
        .iter()
        .map(|&school| world.schools[school].region)
}

pub(crate) fn region_code(world: &World) -> Entry {
    Entry::nominal(
        "region_code",
        REGIONS.map(|region| region.code),
        regions(world),
    )
    .label("Region of the school, code of the Office for National Statistics")
}

/// Randomisation strata: the regions, numbered from 1.
pub(crate) fn strata(world: &World) -> Entry {
    Entry::nominal(
        "strata",
        (1..=REGIONS.len()).map(|region| region.to_string()),
        regions(world),
    )
    .label("Stratum of the randomisation, a number for each region")
}

pub(crate) fn region_name(world: &World, of: &str) -> Entry {
    Entry::nominal(
        "region_name",
        REGIONS.map(|region| region.name),
        regions(world),
    )
    .restates(&[of])
    .label("Region of the school")
}

/// The five kinds of school with these probabilities, one value a school.
pub(crate) fn school_types(world: &World, probabilities: &[f64; 5]) -> Vec<usize> {
    let types = world
        .streams
        .each("school/type", world.schools.len(), |draws, _| {
            draws.category(probabilities)
        });
    world.of_school(&types)
}

/// Names of the five kinds of school.
pub(crate) const SCHOOL_TYPES: [&str; 5] = [
    "Community school",
    "Academy converter",
    "Sponsored academy",
    "Voluntary aided or foundation school",
    "Free school",
];

/// Urban with probability `logistic(a + b d)`.
pub(crate) fn urban_rural(world: &World, a: f64, b: f64) -> Entry {
    let urban = world
        .streams
        .chances("school/urban", world.schools.len(), |school| {
            logistic(a + b * world.schools[school].disadvantage)
        });
    let codes = world.of_school(&urban).into_iter().map(usize::from);
    Entry::nominal("urban_rural", ["Rural", "Urban"], codes).label("Where the school lies")
}

pub(crate) fn school_pct_fsm(world: &World) -> Entry {
    let shares = world.of_school(&world.pupils.percent_fsm(&world.schools));
    Entry::decimal("school_pct_fsm", Grid::Decimals(1), (0.0, 100.0), shares)
        .label("Per cent of the school's pupils with free school meals")
}

pub(crate) fn sex(world: &World) -> Entry {
    let codes = world.pupils.male.iter().map(|&male| usize::from(male));
    Entry::nominal("sex", ["F", "M"], codes)
        .label("Sex")
        .lost(&[&world.losses.administrative])
}

pub(crate) fn birth_month(world: &World) -> Entry {
    let months = world
        .pupils
        .birth_month
        .iter()
        .map(|&month| f64::from(month));
    Entry::integer("birth_month", (1, 12), months)
        .label("Month of birth, 1 January to 12 December")
        .lost(&[&world.losses.administrative])
}

pub(crate) fn term_of_birth(world: &World) -> Entry {
    let terms = world
        .pupils
        .birth_month
        .iter()
        .map(|&month| Term::of_month(month) as usize);
    Entry::nominal("term_of_birth", ["Autumn", "Spring", "Summer"], terms)
        .restates(&["birth_month"])
        .label("Term of birth: Autumn September to December, Spring January to April, Summer May to August")
        .lost(&[&world.losses.administrative])
}

/// Ethnic groups under this name with these spellings of the six groups.
pub(crate) fn ethnicity(world: &World, name: &str, levels: [&str; 6]) -> Entry {
    Entry::nominal(name, levels, world.pupils.ethnicity.iter().copied())
        .label("Ethnic group")
        .lost(&[&world.losses.administrative])
}

pub(crate) fn ethnicity_desc(world: &World) -> Entry {
    ethnicity(world, "ethnicity_desc", ETHNICITIES)
        .restates(&["ethnicity_code"])
        .label("Ethnic group in words")
}

fn linked_flag(
    world: &World,
    name: &str,
    levels: [&str; 2],
    values: &[bool],
    label: &str,
) -> Entry {
    Entry::boolean(name, levels, values.iter().copied())
        .label(label)
        .lost(&[&world.losses.administrative])
}

pub(crate) fn eal(world: &World, levels: [&str; 2]) -> Entry {
    linked_flag(
        world,
        "eal",
        levels,
        &world.pupils.eal,
        "English as an additional language",
    )
}

pub(crate) fn fsm(world: &World, levels: [&str; 2]) -> Entry {
    linked_flag(
        world,
        "fsm",
        levels,
        &world.pupils.fsm,
        "Eligible for free school meals",
    )
}

pub(crate) fn ever6_fsm(world: &World, levels: [&str; 2]) -> Entry {
    let label = "Eligible for free school meals at any time in the last six years";
    linked_flag(world, "ever6_fsm", levels, &world.pupils.ever6_fsm, label)
}

/// Special educational needs under this name with these spellings of none, support and plan.
pub(crate) fn sen(world: &World, name: &str, levels: [&str; 3]) -> Entry {
    let codes = world.pupils.sen.iter().map(|sen| match sen {
        Sen::None => 0,
        Sen::Support => 1,
        Sen::Plan => 2,
    });
    Entry::nominal(name, levels, codes)
        .label("Special educational needs: none, support, education health and care plan")
        .lost(&[&world.losses.administrative])
}

pub(crate) fn idaci_score(world: &World) -> Entry {
    Entry::decimal(
        "idaci_score",
        Grid::Decimals(4),
        (0.0, 1.0),
        world.pupils.idaci.clone(),
    )
    .label("Share of children in the neighbourhood whose families live on a low income")
    .lost(&[&world.losses.administrative])
}

/// Decimal digits of a number.
fn digits(number: usize) -> usize {
    number.to_string().len()
}
