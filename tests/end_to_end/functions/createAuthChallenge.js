exports.handler = async (event) => {
  if (event.request.challengeName === "CUSTOM_CHALLENGE") {
    event.response.publicChallengeParameters = {};
    event.response.publicChallengeParameters.question = "How many legs has a spider?";
    event.response.privateChallengeParameters = {};
    event.response.privateChallengeParameters.answer = "8";
    event.response.challengeMetadata = "SPIDER";
  }
  return event;
};
