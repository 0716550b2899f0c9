"""What a header or the label of a row is about: people counted, a measure, a setting, an index."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final


class Kind(IntEnum):
    """What a label is about; where several labels meet, the smallest decides."""

    STATISTIC = 1
    """Nothing but the name of a statistic: `mean`, `95% CI`, `p`."""

    COUNT = 2
    """Says that it counts: `n`, `count`, `number of patients`, `n (%)`, `support`."""

    SETTING = 3
    """A setting, or a count of things that are no people: layers, folds, readers."""

    MEASURE = 4
    """A measure, score, rate or coefficient."""

    PERCENT = 5
    """A percentage or proportion of people."""

    PEOPLE = 6
    """A noun for people, images or events, which counts them when whole numbers follow."""

    INDEX = 7
    """An order or a name written as a number: epoch, fold, year, class."""

    GROUP = 8
    """A property that people are grouped by: sex, stage, an age band, a diagnosis."""

    OTHER = 9


def word_set(words: str) -> frozenset[str]:
    """The words of a text, once each."""
    return frozenset(words.split())


STATISTICS: Final = word_set(
    "mean means median avg average sd std stdev se sem iqr min max minimum maximum range q1 q3 "
    "quartile percentile quantile variance var skew skewness kurtosis mode ci ci95 lci uci lower "
    "upper low high bound limit p pval pvalue t z f chi2 chisq statistic stat df dof test 2.5 97.5 "
    "25 50 75 5 95 0.025 0.975 confidence interval value geometric"
)
_ALONE: Final = word_set(
    "t z f p k r value low high 5 25 50 75 95 2.5 97.5 test mode limit upper lower"
)
_PEOPLE: Final = word_set(
    "patienten patientinnen fälle pacientes patiënten patienter pazienti frauen männer mujeres "
    "hombres femmes hommes donne uomini probanden teilnehmer casos todesfälle fallecidos décès "
    "patients subjects participants people persons individuals women men children boys girls "
    "adults infants neonates mothers cases controls deaths died events admissions survivors "
    "donors volunteers respondents recipients carriers responders residents users pupils "
    "scans images studies exams examinations volumes slides radiographs mammograms xrays cts mris "
    "lesions nodules tumours tumors metastases fractures polyps biopsies procedures surgeries "
    "tp fp tn fn positives negatives censored support readmissions complications recurrences "
    "referrals visits records screened enrolled included excluded randomised randomized cohort "
    "eligible consented withdrawn analysed analyzed dead alive patient_count dropouts relapses "
    "hospitalisations hospitalizations infections diagnoses misclassified misclassifications "
    "smokers carriers cancers carcinomas strokes ablations operations responded progressed "
    "relapsed recurred survived improved worsened attended completed invited declined treated "
    "allocated recruited"
)
PERSON_NOUNS: Final = word_set(
    "patienten patientinnen pacientes patiënten patienter patients subjects participants people "
    "persons individuals women men children boys girls adults infants neonates mothers deaths died "
    "survivors donors volunteers respondents carriers responders residents users dead alive "
    "withdrawn dropouts tp fp tn fn n count number"
)
"""Nouns that count persons themselves, not what was made of them."""
_COUNTING: Final = word_set(
    "n num nb number count counts no nr nos freq frequency frequencies tally nrisk nevent ncensor "
    "anzahl anz nombre effectif effectifs antal aantal numero número häufigkeit cantidad "
    "frecuencia fréquence frequenza fallzahl "
    "nobs obs observations cnt denominator numerator distribution"
)
THINGS: Final = word_set(
    "layer layers epoch epochs fold folds split splits feature features estimator estimators "
    "component components tree trees neighbor neighbors neighbours cluster clusters iteration "
    "iterations iter iters step steps batch batches param params parameter parameters channel "
    "channels filter filters head heads unit units neuron neurons node nodes leaf leaves bin bins "
    "gpu gpus cpu cpus worker workers job jobs thread threads class classes label labels model "
    "models method methods reader readers rater raters radiologist radiologists annotator "
    "annotators expert experts observer observers scanner scanners site sites centre centres "
    "center centers hospital hospitals vendor vendors trial trials run runs seed seeds repeat "
    "repeats bootstrap bootstraps resamples permutation permutations draw draws variable variables "
    "column columns row rows covariate covariates predictor predictors gene genes token tokens "
    "word words page pages slice slices voxel voxels pixel pixels point points block blocks "
    "stage_count level levels category categories group groups item items question questions "
    "figure figures table tables file files dataset datasets sequence sequences echo echoes "
    "averages excitations coil coils degree degrees knot knots region regions roi rois landmark "
    "landmarks augmentation augmentations checkpoint checkpoints parameters_m flops "
    "hyperparameters functions commits packages modules fractions beds directions cores sessions "
    "papers articles publications citations reviewers authors licences machines gpus drives "
    "detectors phantoms investigators authors meetings lectures tasks criteria versions warnings "
    "retries restarts"
)
_HEADS: Final = frozenset(
    word
    for word in THINGS - word_set("class groups classes levels categories labels")
    if word.endswith("s")
)
"""Things that a label of several words is about when it ends with them: `CT scanners`."""
_SETTINGS: Final = word_set(
    "lr learning rate_lr batch dropout hidden depth width kernel stride padding patience warmup "
    "momentum decay optimizer optimiser scheduler gamma alpha lambda temperature resolution "
    "spacing matrix fov window echo tr te ti flip kvp mas ma bvalue bvalues thickness flops "
    "params parameters parameter hyperparameter hyperparameters config setting settings layers "
    "epochs folds splits channels features estimators components neighbors iterations steps "
    "patch crop shape dims dim dimension dimensions seed seeds version threads workers gpus "
    "verbose n_jobs filters heads units bins color colour red green blue rgb opacity alpha voxel "
    "voxels pixel pixels slices networks functions fractions directions beds papers citations "
    "publications articles vertices faces"
)
_MEASURES: Final = word_set(
    "auc auroc auprc ap map acc accuracy dice dsc iou jaccard f1 fbeta precision recall "
    "sensitivity specificity ppv npv mcc kappa loss rmse mae mse mape r2 psnr ssim fid hausdorff "
    "hd hd95 assd asd nsd coef coefficient coefficients beta estimate hr rr irr aor ahr "
    "rate ratio odds hazard importance shap gain weight weights icc corr correlation rho tau "
    "pearson spearman vif aic bic loglik brier ece calibration slope intercept survival "
    "probability prob probabilities threshold cutoff rank ranks ranking likert rating ratings "
    "score scores grade_score power effect error errors fpr tpr fnr tnr difference diff delta "
    "change time seconds second sec s ms minutes hours duration latency throughput cost costs "
    "memory mb gb size diameter length distance intensity snr cnr suv suvmax adc hu dose "
    "uncertainty entropy variance auroc_ci youden lift elapsed runtime speed fps perplexity bleu "
    "rouge agreement quality percentile quantile temperature dice_mean noise contrast sharpness "
    "mm cm ml kg mgy msv gy mbq kev index_value opinion satisfaction stars points nps stat "
    "statistic dof df chi2 "
    "mean median std sd sem iqr min max average avg pvalue pval q1 q3"
)
VARIABLES: Final = word_set(
    "age bmi height weight volume pressure glucose creatinine egfr hba1c psa cholesterol stay "
    "haemoglobin hemoglobin temperature sbp dbp score time hu dose size diameter length"
)
_INDICES: Final = word_set(
    "epoch step iteration iter fold seed index idx id ids run trial year years month months week "
    "weeks day days date quarter slice class cluster bin level order version row col line page "
    "decile centile wave visit stage question item grade quintile quartile tertile label timepoint "
    "position channel layer hour minute bscore rads birads pirads lirads repeat rank code k"
)
_GROUPS: Final = word_set(
    "male female males females sex gender man woman yes no positive negative benign malignant "
    "normal abnormal control case mild moderate severe smoker never former current white black "
    "asian hispanic mixed ethnicity race diabetic diabetes hypertension cancer tumour tumor covid "
    "pneumonia healthy diseased disease treated untreated placebo treatment exposed unexposed "
    "left right bilateral low high stage grade stages grades present absent pos neg "
    "adenocarcinoma carcinoma squamous melanoma glioma lymphoma metastasis fracture effusion "
    "emphysema cardiomegaly atelectasis consolidation edema oedema stroke dementia responder "
    "nonresponder progressive stable complete partial urban rural deprived unknown missing "
    "histology diagnosis subtype arm cohort ward region emergency elective obese overweight "
    "underweight single married divorced widowed t1 t2 t3 t4 n0 n1 n2 m0 m1 i ii iii iv total all"
)
_PERCENTAGES: Final = word_set(
    "percent percentage pct proportion prevalence share perc anteil prozent porcentaje pourcentage "
    "percentuale proporción quota"
)
_OUTCOMES: Final = word_set(
    "mortality recurrence event death readmission complication survival response relapse"
)
_NOT_DONE: Final = word_set(
    "no not poor failed missing lost excluded insufficient incomplete inadequate without withdrew"
)
_PLANNED: Final = word_set(
    "needed required planned assumed recommended minimum maximum allowed dummy example nk top"
)
_NUMBERS: Final = re.compile(r"\d+(?:[.,]\d+)?%?|[ivx]+")
_COUNT_AND_PERCENT: Final = re.compile(
    r"\b(?:n|no\.?|count|number)\s*[,;]?\s*(?:\(\s*%|/\s*n\b|%|\(col|\(row)|\bn\s*/\s*n\b",
    re.IGNORECASE,
)
_COMPARED: Final = re.compile(r"[<>≥≤]|\d\s*(?:[-–]|to)\s*\d|\d\s*\+")


@lru_cache(maxsize=4096)
def tokens_of(label: str) -> tuple[str, ...]:
    """Words of a label in small letters; `nPatients` and `n_patients` are two words."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", label[:200])
    spaced = re.sub(r"(?i)\bx-rays?\b", "xrays", spaced.replace("'s", ""))
    return tuple(re.findall(r"[a-zµ]+\d*|\d+(?:\.\d+)?", spaced.lower()))


def kind_of(label: str) -> Kind:
    """What a header or row label is about."""
    text = re.sub(r"\bEGFR\b", "variant", label.strip())
    if not text:
        return Kind.OTHER
    if _COUNT_AND_PERCENT.search(text):
        return Kind.COUNT
    if text in ("OR", "HR", "RR") or text.startswith(("OR ", "HR ", "OR(", "HR(", "aOR", "aHR")):
        return Kind.MEASURE
    if text in ("%", "(%)"):
        return Kind.PERCENT
    words = tokens_of(re.sub(r"[(\[]?\b[nN]\s*=\s*[\d,]+[)\]]?", "", text))
    if not words:
        return Kind.OTHER
    return _of_words(text, words)


def _of_words(text: str, words: tuple[str, ...]) -> Kind:
    said = set(words) | {stem for word in words if len(stem := word.rstrip("0123456789")) > 2}
    if said <= STATISTICS and not said.isdisjoint(STATISTICS - _ALONE | {"p"}):
        return Kind.STATISTIC
    if re.fullmatch(r"\s*\d+(?:\.\d+)?\s*%\s*", text):
        return Kind.STATISTIC
    counts = _counting(words)
    if counts is not None:
        return counts
    if "per" in said:
        return Kind.MEASURE
    if said & _PLANNED or (len(words) > 1 and words[-1] in _HEADS and "(" not in text):
        return Kind.SETTING
    if "%" in text or said & _PERCENTAGES:
        unlike = {"rate", "ratio", "weight", "quality", "agreement"}
        return Kind.MEASURE if said & _MEASURES - unlike else Kind.PERCENT
    if words[0] in _NOT_DONE and len(words) > 1:
        return Kind.GROUP
    return _about(text, words, said)


def _about(text: str, words: tuple[str, ...], said: set[str]) -> Kind:
    """What is left: a property, a measure, a noun."""
    if said & {"band", "bands", "group", "groups", "category", "bracket"} and not said & (
        _MEASURES - VARIABLES
    ):
        return Kind.GROUP
    compared = bool(_COMPARED.search(text))
    if said & {"rate", "incidence", "mortality"} and said & (_PEOPLE | _OUTCOMES):
        return Kind.PERCENT
    if compared and not said & {"ci", "auc", "auroc"}:
        return Kind.GROUP
    if said & _SETTINGS and not said & _PEOPLE:
        return Kind.SETTING
    if _is_measure(text, words, said):
        return Kind.MEASURE
    if said & _PEOPLE and words[-1] not in ("id", "ids", "name"):
        return Kind.PEOPLE
    if said & VARIABLES:
        return Kind.MEASURE
    numbered = len(words) > 1 and any(_NUMBERS.fullmatch(word) for word in words)
    if said & _GROUPS and (numbered or not said & _INDICES):
        return Kind.GROUP
    if said & _INDICES:
        return Kind.OTHER if numbered else Kind.INDEX
    return Kind.OTHER


def _is_measure(text: str, words: tuple[str, ...], said: set[str]) -> bool:
    if said & {"risk"} and "at" in said:
        return False
    short = len(words) <= 4 or bool(re.search(r"[,(:]", text))
    found = said & (_MEASURES - {"s"} | ({"s"} if len(words) > 1 else set()))
    if said & {"mean", "median", "average", "avg", "std", "sd", "min", "max"}:
        return True
    return bool(found) and short and not (found <= {"time", "size", "change"} and said & _PEOPLE)


def _counting(words: tuple[str, ...]) -> Kind | None:
    """COUNT when a label says that it counts people, SETTING when it counts other things."""
    said = set(words)
    if said & {"per", "mean", "median", "average", "avg", "sd", "std", "ratio"}:
        return None
    if words == ("support",) or {"at", "risk"} <= said or {"sample", "size"} <= said:
        return Kind.COUNT
    if said & {"nrisk", "nevent", "ncensor", "nobs"}:
        return Kind.COUNT
    first = words[0] in _COUNTING and (words[0] != "no" or words[1:2] == ("of",))
    last = words[-1] in _COUNTING - {"no", "number", "nr"} or words[-2:-1] == ("n",)
    if not (first or last):
        return None
    if words in (("number",), ("nr",)):
        return Kind.INDEX
    rest = said - _COUNTING - {"of", "the", "total", "in"}
    if words[-1] in ("counts", "distribution") and rest & {"class", "label", "category", "group"}:
        return Kind.COUNT
    if rest & THINGS and not rest & _PEOPLE:
        return Kind.SETTING
    if rest & _MEASURES and not rest & _PEOPLE and words[0] != "number":
        return None
    return Kind.COUNT
