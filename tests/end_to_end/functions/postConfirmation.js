exports.handler = async (event) => {
  if (event.triggerSource === "PostConfirmation_ConfirmSignUp") {
    console.log(`confirmed ${event.request.userAttributes.sub}`);
  }
  return event;
};
